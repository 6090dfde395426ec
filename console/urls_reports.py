"""The addresses of reports and jobs."""

from django.urls import path

from console import views_jobs, views_reports

urlpatterns = [
    path("reports/", views_reports.charge_reports, name="reports"),
    path("reports/calls/", views_reports.call_reports, name="call_reports"),
    path("jobs/", views_jobs.job_list, name="jobs"),
    path("jobs/<uuid:pk>/cancel/", views_jobs.cancel_job, name="job_cancel"),
    path("jobs/file/<str:token>/", views_jobs.job_file, name="job_file"),
]
