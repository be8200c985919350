"""Connections end when they are closed, and not when the garbage of an error is collected."""

from remote_faults import answering
from remote_servers import serving

from paramctl.sources.remote.http.link import parse_link
from paramctl.sources.remote.http.wire import Line


def test_a_line_closes_an_answer_that_took_its_socket_over(folder):
    refuse = answering(404, b"no", Connection="close")
    with serving(folder, refuse) as shop:
        link = parse_link(f"{shop.url}/m.safetensors")
        line = Line(link)
        answer = line.get(link, {}, 2)
        assert answer.will_close
        line.close()
        assert answer.isclosed()
