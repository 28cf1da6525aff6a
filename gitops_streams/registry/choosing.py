"""Fetches what policies need and has them choose: lists of tags, and for the newest build the dates of images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from gitops_streams.oci.image import ImagePair
from gitops_streams.oci.platform import LegacyChoice
from gitops_streams.oci.resolution import Cause, Question, Resolved, TagsQuestion, Unresolvable
from gitops_streams.registry.asking import Asking
from gitops_streams.streams.choose import Chosen, NeedsDates, NothingChosen, choose
from gitops_streams.streams.policy import Choosing, Selected
from gitops_streams.streams.policy_defaults import Defaults

_INVENTED = 1980
"""The last year that reproducible builds say: the epoch, or the first year of the ZIP format."""


def choose_all(
    asking: Asking, wanted: Iterable[Choosing], defaults: Defaults
) -> dict[Choosing, Selected | Unresolvable]:
    """Let every policy choose; what was asked on the way is known to ``asking`` and not asked again.

    Args:
        asking: the round of questions.
        wanted: what is to be chosen; duplicates are welcome.
        defaults: what policies leave open.
    """
    asked = list(dict.fromkeys(wanted))
    lists = asking.tags(_list_of(choosing) for choosing in asked)
    answers: dict[Choosing, Selected | Unresolvable] = {}
    dating: list[_Dating] = []
    for choosing in asked:
        listed = lists[_list_of(choosing)]
        if isinstance(listed, Unresolvable):
            answers[choosing] = listed
            continue
        choice = choose(choosing.policy, listed.tags, defaults=defaults)
        if isinstance(choice, NeedsDates):
            dating.append(_Dating(choosing, listed.tags, choice))
        else:
            answers[choosing] = _answer(choosing, choice)
    answers |= _choose_newest(asking, dating, defaults)
    return {choosing: answers[choosing] for choosing in asked}


@dataclass(frozen=True, slots=True)
class _Dating:
    """A policy that compares dates."""

    choosing: Choosing
    tags: tuple[str, ...]
    needs: NeedsDates

    @property
    def questions(self) -> dict[str, Question]:
        """The question of each candidate's digest."""
        repository, insecure = self.choosing.repository, self.choosing.insecure
        return {tag: Question(repository, tag, insecure=insecure) for tag in self.needs.candidates}

    @property
    def notice(self) -> str:
        """What is worth saying where not every tag was looked at."""
        looked = len(self.needs.candidates)
        if looked == self.needs.passed:
            return ""
        return (
            f"newest-build looked at {looked} of {self.needs.passed} tags, the last ones in natural order;"
            " narrow gitops-streams.io/pattern, or raise tagPolicy.candidates in the configuration"
        )


def _choose_newest(
    asking: Asking, dating: list[_Dating], defaults: Defaults
) -> dict[Choosing, Selected | Unresolvable]:
    """Date the candidates of all policies at once: their digests first, then each distinct image."""
    if not dating:
        return {}
    asking.ask(question for each in dating for question in each.questions.values())
    digests = asking.answers()
    images: dict[_Dating, dict[str, ImagePair]] = {}
    answers: dict[Choosing, Selected | Unresolvable] = {}
    for each in dating:
        images[each] = {}
        for tag, question in each.questions.items():
            answer = digests[question]
            if isinstance(answer, Resolved):
                place = each.choosing
                wanted = place.platform
                platform = wanted.wanted if isinstance(wanted, LegacyChoice) else wanted
                images[each][tag] = ImagePair(place.repository, None, answer.digest, platform, place.insecure)
            elif answer.cause is not Cause.NOT_FOUND:  # a tag that is gone since it was listed competes no more
                answers.setdefault(each.choosing, _undated(answer))
    whole = [each for each in dating if each.choosing not in answers]
    dates = asking.dates(image for each in whole for image in images[each].values())
    for each in whole:
        answers[each.choosing] = _choose_by_date(each, images[each], dates, defaults)
    return answers


def _choose_by_date(
    each: _Dating,
    images: Mapping[str, ImagePair],
    dates: Mapping[ImagePair, datetime | Unresolvable | None],
    defaults: Defaults,
) -> Selected | Unresolvable:
    known: dict[str, datetime | None] = {}
    for tag, image in images.items():
        date = dates[image]
        if isinstance(date, Unresolvable):
            return _undated(date)
        known[tag] = date if date is not None and date.year > _INVENTED else None
    choice = choose(each.choosing.policy, each.tags, known, defaults=defaults)
    return _answer(each.choosing, choice, each.notice)


def _answer(
    choosing: Choosing, choice: Chosen | NothingChosen | NeedsDates, notice: str = ""
) -> Selected | Unresolvable:
    match choice:
        case Chosen(tag):
            return Selected(Question(choosing.repository, tag, choosing.platform, choosing.insecure), notice)
        case NothingChosen(reason):
            return Unresolvable(Cause.NOT_FOUND, f"{choosing.repository}: {choosing.policy}: {reason}")
        case NeedsDates():
            raise AssertionError(choice)
        case _:
            assert_never(choice)


def _undated(failure: Unresolvable) -> Unresolvable:
    """Without one of the dates it is not known which image is the newest."""
    return Unresolvable(failure.cause, f"the newest build cannot be told: {failure.reason}", failure.hint)


def _list_of(choosing: Choosing) -> TagsQuestion:
    return TagsQuestion(choosing.repository, choosing.insecure)
