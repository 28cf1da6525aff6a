"""Pin every reference of any checkout against a stub registry, and let an independent look judge the outcome.

The checkout is copied into a temporary Git repository; it is only read itself, and no network is used. What is
found is tracked, planned, proven, written and planned again, first without and then with the field rules that the
reports suggest. The exit code is 1 where anything changed but what was to change, a proof failed, or a
second run had something to do.

    python tests/corpus/run.py [--json FILE] [--samples 10] DIR
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from repository_corpus.judge import Report, copy, judge


def run(source: Path) -> list[Report]:
    """Judge a checkout, without the suggested field rules and, where there are any, with them."""
    reports = [_once(source, ())]
    if reports[0].rules_suggested:
        reports.append(_once(source, reports[0].rules_suggested))
    return reports


def _once(source: Path, rules: Sequence[str]) -> Report:
    with tempfile.TemporaryDirectory(prefix="gitops-streams-corpus-") as folder:
        target = Path(folder) / "copy"
        copy(source, target)
        return judge(target, rules=rules)


def as_json(report: Report) -> dict[str, object]:
    """Return a report as plain values."""
    return {
        **{field.name: getattr(report, field.name) for field in dataclasses.fields(report)},
        "coverage": round(report.coverage, 2),
        "tagged": report.candidates.total(),
        "wrong": report.wrong,
    }


def as_text(report: Report, samples: int) -> str:
    """Return a report for people."""
    lines = [
        f"{'with the suggested field rules' if report.rules else 'without field rules'}:",
        f"  files            {report.files} read, {report.parsed} parsed, {report.unparsable.total()} not",
        f"    {report.skimmed:6} more without a trace of a reference",
        *_counted(report.unparsable),
        f"  tagged           {report.candidates.total()} references",
        *(f"    {count:6} {form}: {report.pinned[form]} pinned" for form, count in report.candidates.most_common()),
        f"  pinned           {report.pinned.total()} = {report.coverage:.2f} % of them, in {report.edited_files} files",
        *_counted(report.edited_sites),
        f"  reported         {report.reported.total()} not edited",
        *_counted(report.reported, samples * 2),
        f"  missed           {len(report.missed)}, of which nothing is said",
        *(f"           {each}" for each in report.missed[:samples]),
        f"  problems         {report.problems.total()}",
        *_counted(report.problems, samples),
        f"  cannot be proven {len(report.unproven)} files",
        *(f"           {each}" for each in report.unproven[:samples]),
        f"  collateral       {len(report.collateral)}",
        *(f"           {each}" for each in report.collateral[:samples]),
        f"  failed proofs    {len(report.failed_proofs)}",
        *(f"           {each}" for each in report.failed_proofs[:samples]),
        f"  second run       {len(report.unstable)} files changed again",
        *(f"           {each}" for each in report.unstable[:samples]),
    ]
    return "\n".join(lines)


def _counted(counter: Counter[str], most: int | None = None) -> list[str]:
    return [f"    {count:6} {name}" for name, count in counter.most_common(most)]


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("directory", type=Path, help="any checkout or folder")
    parser.add_argument("--json", type=Path, help="write the reports here too")
    parser.add_argument("--samples", type=int, default=10, help="examples of each kind")
    arguments = parser.parse_args(argv)
    if not arguments.directory.is_dir():
        parser.error(f"{arguments.directory} is no directory; say make corpus DIR=…")
    reports = run(arguments.directory.resolve())
    print("\n".join(as_text(report, arguments.samples) for report in reports))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([as_json(report) for report in reports], indent=1) + "\n")
    return 1 if any(report.wrong for report in reports) else 0


if __name__ == "__main__":
    raise SystemExit(main())
