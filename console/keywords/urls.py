"""The addresses of the keywords' pages."""

from django.urls import path

from console.keywords import views

urlpatterns = [
    path("keywords/", views.keywords, name="keywords"),
    path("keywords/add/", views.add_keywords, name="add_keywords"),
    path("keywords/end/", views.end_keywords, name="end_keywords"),
    path("keywords/try/", views.try_keywords, name="try_keywords"),
]
