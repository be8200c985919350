"""Connections end when they are closed, and not when the garbage of an error is collected."""

import http.client

import pytest
from remote_faults import answering
from remote_servers import serving

from paramctl.sources.remote.http.link import parse_link
from paramctl.sources.remote.http.wire import Line, Switchboard


def test_a_line_closes_an_answer_that_took_its_socket_over(folder):
    refuse = answering(404, b"no", Connection="close")
    with serving(folder, refuse) as shop:
        link = parse_link(f"{shop.url}/m.safetensors")
        line = Line(link)
        answer = line.get(link, {}, 2)
        assert answer.will_close
        line.close()
        assert answer.isclosed()


def test_a_line_closes_what_a_proxy_answered_that_leads_nowhere(folder, monkeypatch):
    """The connection itself forgets this answer, and closes it in newer releases of Python only."""
    answers = []

    class Kept(http.client.HTTPResponse):
        def __init__(self, *given, **named):
            super().__init__(*given, **named)
            answers.append(self)

    monkeypatch.setattr(http.client, "HTTPResponse", Kept)
    with serving(folder) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        link = parse_link("https://models.example/m.safetensors")
        line = Line(link)
        with pytest.raises(OSError, match="Tunnel connection failed: 501"):
            line.get(link, {}, 2)
        line.close()
    assert [answer.isclosed() for answer in answers] == [True]


def test_who_gives_up_in_the_middle_of_an_answer_leaves_no_connection(folder):
    with serving(folder) as shop:
        lines, link = Switchboard(), parse_link(f"{shop.url}/m.safetensors")
        answer = lines.line(link).get(link, {"Range": "bytes=0-99"}, 100)
        lines.close()
        assert answer.isclosed()
