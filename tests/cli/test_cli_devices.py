"""``paramctl devices``, and devices that are not there."""

from pathlib import Path

from command import expect

SPECS = Path(__file__).parents[2] / "fixtures" / "specs"


def test_devices_are_listed_without_a_gpu():
    answer = expect(0, "devices", "--json").json
    assert answer["schema"] == "paramctl/devices/1"
    first = answer["devices"][0]
    assert (first["name"], first["kind"]) == ("cpu", "cpu")
    assert first["memory"] > 0
    assert answer.get("reason") or len(answer["devices"]) > 1


def test_devices_say_in_a_pipe_too_why_there_is_no_gpu():
    answer = expect(0, "devices")
    assert answer.err.startswith("note: no GPU: ") or answer.out.count("\n") > 1


def test_a_device_that_is_not_there_is_a_matter_of_resources():
    run = ("forward", SPECS / "mlp256.yaml", "--input", "x=ones:2x20")
    for device in ("cuda:99", "cuda:7"):
        refused = expect(4, *run, "--device", device)
        assert f"no device {device}" in refused.err
        assert "hint: " in refused.err
