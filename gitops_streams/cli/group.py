"""The top of the command line: which verbs there are, and what becomes of an error."""

from __future__ import annotations

import atexit
import errno
import gc
import io
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from gitops_streams import __version__
from gitops_streams.errors import FAILED, NEXT_STEP, GitopsStreamsError

VERBS = {
    "demo": "Watch the whole job on a sample repository and registry, in a few seconds.",
    "init": "Propose streams for the images that are used already.",
    "diff": "Show what reconcile would change (a dry run).",
    "reconcile": "Resolve every stream tag in use and write the digests.",
    "apply": "Carry out a plan that diff -o json saved.",
    "check": "Check manifests against declarations and recorded digests, offline.",
    "status": "Show streams, what they resolved to, and what uses them, offline.",
    "sites": "List every reference, how it was found, what binds it, and what is skipped, offline.",
    "history": "Show what a stream tag was, since when, and who moved it, offline.",
    "tag": "Let a stream tag follow an image or another tag, or delete it, as oc tag does.",
    "rollback": "Hold a stream tag at an image that it had before.",
    "hold": "Hold a stream tag at the image that it has.",
    "resume": "Let a held stream tag follow its source again.",
    "resolve": "Print the digests of image references.",
    "serve": "Keep repositories in step: a loop, webhooks, and a page to look at.",
    "webhook-url": "Print where serve takes webhooks, and what to do with that.",
    "github-action": "Run as a step of a GitHub workflow (action.yml calls this).",
}
"""Verb and short help, in the order in which a newcomer meets them. Each is ``cli/<verb>.py``, with ``_`` for ``-``."""

_INTERRUPTED = 130
_NEXT_STEP = {
    **NEXT_STEP,
    errno.EMFILE: "raise the limit on open files (ulimit -n), then run again",
}


class VerbGroup(click.Group):
    """Imports a verb when it is called, and turns errors into one clear line with a hint."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """List the verbs."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        """Import a verb."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"gitops_streams.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  as above
        """Write the list of verbs without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  click's signature
        """Run a verb."""
        try:
            return super().invoke(ctx)
        except GitopsStreamsError as error:
            _tell(error.message, error.hint)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted; no file is half-written", err=True)
            ctx.exit(_INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except OSError as error:
            if ctx.find_root().obj == "traceback":
                raise
            _tell_refusal(error)
            ctx.exit(FAILED)
        except Exception as error:
            if ctx.find_root().obj == "traceback":
                raise
            _tell(
                f"internal error: {type(error).__name__}",
                "this is a bug of gitops-streams; set GITOPS_STREAMS_TRACEBACK=1 to see where, and report it",
            )
            ctx.exit(FAILED)


def _tell_refusal(error: OSError) -> None:
    """Tell what the operating system refused.

    Where a file of the repository cannot be written, a WriteFailed has said so. This is any other
    place: standard output, a temporary folder, Git's own.
    """
    place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    hint = _NEXT_STEP.get(error.errno or 0, "no file is half-written; see to the cause, then run again")
    _tell(f"{place}{error.strerror or error}", hint)


def _tell(message: str, hint: str | None) -> None:
    from gitops_streams.render.inert import line

    first, *rest = message.splitlines() or [""]
    click.secho(f"error: {line(first)}", err=True, fg="red")
    for more in rest:
        click.echo(f"  {line(more.strip())}", err=True)
    if hint:
        click.echo(f"hint: {line(hint)}", err=True)


@click.group(
    cls=VerbGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done or nothing to do; 1 failed, or check has findings; 2 usage; 3 done, but a tag"
    " could not be resolved or written; 4 changes are pending (with --exit-code).",
)
@click.version_option(__version__, prog_name="gitops-streams")
@click.option("--traceback", is_flag=True, envvar="GITOPS_STREAMS_TRACEBACK", hidden=True)
@click.pass_context
def cli(ctx: click.Context, *, traceback: bool) -> None:
    """Pin the images of a GitOps repository to the digests that its ImageStreams resolve to.

    Streams (kind: ImageStream, as OpenShift has them) declare in Git which tags are followed. Each
    tag is resolved to its digest in the registry, and the manifests that refer to it are rewritten
    to that digest and nothing else, so that Argo CD or Flux rolls it out.

    New here? gitops-streams demo
    """
    ctx.obj = "traceback" if traceback else None
    if os.environ.get("NO_COLOR"):  # no-color.org
        ctx.color = False


def main() -> None:
    """Run the command line; the entry point of ``gitops-streams``."""
    # A run makes a few hundred thousand objects that live until it ends. Collecting cycles among
    # them over and over is a third of the time that a scan takes, and frees nothing.
    gc.set_threshold(2_000_000, 50, 100)
    # Looking through them a last time, when everything goes anyway, would take another 60 ms.
    atexit.register(gc.freeze)
    _open_streams()
    try:
        cli(prog_name="gitops-streams")
    except OSError as error:  # before a verb was run: help that cannot be printed
        _tell_refusal(error)
        sys.exit(FAILED)
    finally:
        _let_go_of_stdout()


def _open_streams() -> None:
    """See that there are streams to print to, whatever they were closed or set to."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  it lives as long as the process
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  the same
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _let_go_of_stdout() -> None:
    """Keep the interpreter from complaining about a last flush, where the error has been told already."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
