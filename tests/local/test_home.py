"""A home keeps its ports, and two homes share none."""

from pathlib import Path

from local.home import PORT_NAMES, Home


def test_ports_are_chosen_once(tmp_path: Path) -> None:
    home = Home(tmp_path)
    ports = home.ports()
    assert set(ports) == set(PORT_NAMES)
    assert len(set(ports.values())) == len(ports)
    assert Home(tmp_path).ports() == ports


def test_a_port_that_is_new_is_added_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text('{"cloud": 1, "search": 2}')
    ports = Home(tmp_path).ports()
    assert (ports["cloud"], ports["search"]) == (1, 2)
    assert set(ports) == set(PORT_NAMES)
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
