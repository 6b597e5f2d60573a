"""Runs the production server: Granian, whose worker processes share the mapped index through the page cache."""

from __future__ import annotations

import os
import socket

import click

from webui.settings import Settings

THREADS_PER_WORKER = 4  # requests are short and CPU-bound; a few threads keep one slow client from blocking others
QUEUED_CONNECTIONS = 1024


def free_port(host: str, port: int) -> int:
    """`port`, or one that is free for 0; ClickException if nothing can listen there (of which Granian would panic)."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.create_server(address[:2], family=family) as listener:
            return int(listener.getsockname()[1])
    except OSError as error:
        reason = error.strerror or error
        raise click.ClickException(f"cannot listen at {host} port {port}: {reason}; use --host or --port") from error


def serve_forever(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until interrupted. Workers find the settings in their environment."""
    from granian import Granian  # noqa: PLC0415 - it takes 20 ms, of which other commands have no use
    from granian.constants import Interfaces  # noqa: PLC0415

    os.environ.update(settings.to_environment())
    shown_host = f"[{host}]" if ":" in host else host
    click.echo(f"serving at http://{shown_host}:{port}/", err=True)
    Granian(
        "webui.wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS_PER_WORKER,
        backlog=QUEUED_CONNECTIONS,
        log_access=False,
        respawn_failed_workers=True,
        websockets=False,
    ).serve()
