"""The event sources' process: `python -m local.event_sources --help`."""

import argparse
import logging
import signal
import socket
import threading
from pathlib import Path

from local.event_sources.ages import Ages
from local.event_sources.checkpoints import Checkpoints
from local.event_sources.clients import Cloud
from local.event_sources.faults import Faults, FaultyInvoke
from local.event_sources.service import Service

DRAIN_S_MAX = 10.0
DATAGRAM_BYTES_MAX = 4096


def main() -> None:
    options = arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    cloud = Cloud(options.url, options.region)
    checkpoints = Checkpoints(options.checkpoints)
    ages = Ages(cloud.put_ages)
    invoke = ages.noting(cloud.invoke)
    if options.fault_rate:
        faults = Faults(options.fault_rate, options.fault_seed, tuple(options.fault_functions))
        invoke = FaultyInvoke(invoke, faults)
    service = Service(cloud.mappings, cloud.source, checkpoints, invoke, cloud.report)
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", options.wake_port))
    threading.Thread(target=listen, args=(receiver, service), daemon=True).start()
    threading.Thread(target=announce, args=(service, options.ready_file), daemon=True).start()
    threading.Thread(target=ages.run, args=(stopping,), daemon=True).start()
    service.run(stopping)
    if not service.drain(DRAIN_S_MAX):
        logging.warning("stopping with records left; they are read again at the next start")
    service.stop()
    checkpoints.close()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Reads streams and invokes their functions.")
    parser.add_argument("--url", required=True, help="the emulator's endpoint")
    parser.add_argument("--region", required=True)
    parser.add_argument("--checkpoints", required=True, type=Path, help="an SQLite file")
    parser.add_argument("--wake-port", required=True, type=int, help="UDP port on 127.0.0.1")
    parser.add_argument("--ready-file", required=True, type=Path, help="written when reading")
    parser.add_argument("--fault-rate", type=float, default=0.0, help="share of batches to fail")
    parser.add_argument("--fault-seed", type=int, default=0)
    parser.add_argument("--fault-functions", nargs="*", default=[], help="parts of their names")
    return parser.parse_args()


def listen(receiver: socket.socket, service: Service) -> None:
    """Pass on what the emulator says about streams that have grown."""
    while True:
        service.wake(receiver.recv(DATAGRAM_BYTES_MAX).decode(errors="replace"))


def announce(service: Service, file: Path) -> None:
    service.ready.wait()
    file.write_text("reading\n")


if __name__ == "__main__":
    main()
