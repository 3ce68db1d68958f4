"""A home keeps its ports, and two homes share none."""

from pathlib import Path

from local.home import PORT_NAMES, Home


def test_ports_are_chosen_once(tmp_path: Path) -> None:
    home = Home(tmp_path)
    ports = home.ports()
    assert set(ports) == set(PORT_NAMES)
    assert len(set(ports.values())) == len(ports)
    assert Home(tmp_path).ports() == ports


def test_forgotten_ports_are_chosen_anew(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.ports()
    home.forget_ports()
    assert not (tmp_path / "ports.json").exists()
    assert set(home.ports()) == set(PORT_NAMES)


def test_everything_is_inside(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.make()
    places = [home.logs, home.run, home.cloud, home.deployment, home.checkpoints, home.outputs]
    assert all(place.is_relative_to(tmp_path / "home") for place in places)
