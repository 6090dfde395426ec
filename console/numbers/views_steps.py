"""A step for numbers in the console: chosen, tried, shown with every bad line, confirmed with a reason, done."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.roles import User, require
from accounts.scope import for_user
from common.errors import MasklineError
from common.phone import mask_in_text
from console import jobs, pages
from console.models import Job
from console.numbers import drafts, work
from console.numbers.drafts import Draft
from console.numbers.forms import StepForm
from privacy.bindings.orders import Actor
from privacy.models import Number
from privacy.numbers.bulk import STEPS, Outcome, Run, carry_out
from privacy.numbers.rows import BadRows, RowProblem

# Lines and bindings that end, together: more run as a job.
AT_ONCE = 500
SHOWN = 200
REASON_AT_LEAST = 3


@require("operate")
@require_http_methods(["GET", "POST"])
def number_step(request: HttpRequest, step: str) -> HttpResponse:
    """Return the form of a step; POST tries it and returns what it would do."""
    if step not in STEPS:
        raise Http404
    scope = for_user(request.user)
    given = request.GET.dict()
    form = StepForm(request.POST or None, request.FILES or None, step=step, scope=scope, initial=given)
    if request.method == "POST" and form.is_valid():
        source = mask_in_text(form.cleaned_data["file"].name)[:100] if form.cleaned_data.get("file") else ""
        token = drafts.keep(step, form.choice(), form.lines(), source, request.user)
        return _preview(request, token)
    frame = pages.context(
        request, title=STEPS[step].label, step=step, form=form, columns=STEPS[step].columns, steps=_labels()
    )
    return render(request, "console/numbers/step.html", frame, status=400 if form.errors else 200)


@require("operate")
@require_POST
def number_ticked(request: HttpRequest) -> HttpResponse:
    """Go on with the numbers that were ticked: to the form of the step when it asks for more, else to its preview."""
    step = request.POST.get("step", "")
    if step not in STEPS:
        raise Http404
    scope = for_user(request.user)
    ids = [int(id) for id in request.POST.getlist("id") if id.isascii() and id.isdecimal() and len(id) < 19]
    texts = list(scope.rows(Number).filter(pk__in=ids).order_by("number").values_list("number", flat=True))
    if not texts:
        messages.warning(request, _("Tick at least one number."))
        return redirect("numbers")
    form = StepForm({"numbers": "\n".join(texts)}, step=step, scope=scope)
    if not STEPS[step].asks and form.is_valid():
        return _preview(request, drafts.keep(step, form.choice(), form.lines(), "", request.user))
    asking = StepForm(step=step, scope=scope, initial={"numbers": "\n".join(texts)})
    frame = pages.context(
        request, title=STEPS[step].label, step=step, form=asking, columns=STEPS[step].columns, steps=_labels()
    )
    return render(request, "console/numbers/step.html", frame)


@require("operate")
@require_POST
def number_apply(request: HttpRequest) -> HttpResponse:
    """Do what was previewed, with the reason given: a few numbers at once, many as a job."""
    token = request.POST.get("token", "")
    draft = drafts.opened(token, request.user)
    if draft is None:
        messages.error(request, _("This preview is gone. Choose again."))
        return redirect("numbers")
    reason = request.POST.get("reason", "").strip()
    if len(reason) < REASON_AT_LEAST:
        messages.error(request, _("Give a reason. Nothing was changed."))
        return _preview(request, token)
    tried, problems = _tried(draft, request.user)
    if tried is None:
        return _shown(request, token, draft, None, problems)
    at_once = _few(draft, tried)
    job, new = work.order(draft, reason, tried, at_once=at_once, user=request.user)
    if not new:
        messages.info(request, _("This was ordered before."))
        return redirect("jobs")
    if not at_once:
        messages.success(request, _("The numbers are being worked through. What became of them appears here."))
        return redirect("jobs")
    done = jobs.run(job.pk, lambda ours, watch: work.do(ours, watch, request), pulse=False)
    return _after(request, draft, done)


def _after(request: HttpRequest, draft: Draft, job: Job | None) -> HttpResponse:
    """Say what became of a small step, and go back to where its numbers are."""
    if job is None or job.state != Job.State.DONE:
        messages.error(request, job.error if job else _("Somebody else does this already."))
        return redirect("numbers")
    n = len(draft.lines)
    if draft.step == "ask_transfer":
        messages.success(request, _("Asked. Finance has to agree before anything moves."))
    else:
        messages.success(request, ngettext("%(n)s line is done.", "%(n)s lines are done.", n) % {"n": n})
    if draft.step == "order":
        return redirect("number_orders")
    if draft.step == "ask_transfer":
        return redirect("number_transfers")
    if n == 1:
        found = for_user(request.user).rows(Number).filter(number=draft.lines[0].cells["number"]).order_by("-pk")
        row = found.first()
        if row is not None:
            return redirect("number", row.pk)
    return redirect("numbers")


def _preview(request: HttpRequest, token: str) -> HttpResponse:
    draft = drafts.opened(token, request.user)
    if draft is None:
        raise Http404
    outcome, problems = _tried(draft, request.user)
    return _shown(request, token, draft, outcome, problems)


def _shown(
    request: HttpRequest, token: str, draft: Draft, outcome: Outcome | None, problems: list[RowProblem]
) -> HttpResponse:
    """Return the page of what a draft would do, or of what is wrong with it."""
    frame = pages.context(
        request,
        title=STEPS[draft.step].label,
        draft=draft,
        step=STEPS[draft.step],
        token=token,
        outcome=outcome,
        problems=problems[:SHOWN],
        problem_count=len(problems),
        lines=draft.lines[:SHOWN],
        as_job=outcome is not None and not _few(draft, outcome),
    )
    return render(request, "console/numbers/preview.html", frame, status=400 if problems else 200)


def _few(draft: Draft, tried: Outcome) -> bool:
    return len(draft.lines) + tried.bindings_ended <= AT_ONCE


def _tried(draft: Draft, user: User) -> tuple[Outcome | None, list[RowProblem]]:
    """Return what a draft would do, or what is wrong with its lines."""
    try:
        run = Run(Actor(), timezone.now(), dry_run=True, scope=for_user(user))
        return carry_out(draft.step, draft.lines, draft.choice, run), []
    except BadRows as bad:
        return None, list(bad.problems)
    except MasklineError as problem:
        return None, [RowProblem(0, "", str(problem))]


def _labels() -> list[tuple[str, str | Promise]]:
    return [(name, step.label) for name, step in STEPS.items()]
