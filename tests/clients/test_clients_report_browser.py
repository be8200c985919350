"""The page of a report in a real browser: quiet, offline, readable, and alive."""

import numpy as np
import pytest
from browser import Browser
from command import expect
from safetensors.numpy import save_file

pytestmark = pytest.mark.client

# The contrast of every text with what lies behind it: WCAG 2.1, section 1.4.3.
_POOR = """
(() => {
  const parts = (color) => (color.match(/[\\d.]+/g) || []).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((v) => {
      v /= 255;
      return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = parts(getComputedStyle(e).backgroundColor);
      if (color.length === 3 || color[3] > 0.99) return color;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || ["SCRIPT", "STYLE"].includes(e.tagName) || !e.getClientRects().length) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(parts(style.color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push([ratio, e.tagName, e.className, e.textContent]);
  }
  return poor.slice(0, 5);
})()
"""
_WIDER = """
[...document.querySelectorAll("body *")]
  .filter((e) => !e.closest(".wide, nav") && e.getClientRects().length)
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5)
  .map((e) => [e.tagName, e.className, e.textContent.slice(0, 60)])
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A model with all there is to show: layers, ties, metadata, findings, changes, odd names."""
    folder = tmp_path_factory.mktemp("report")
    rng = np.random.default_rng(0)
    tensors = {
        f"model.layers.{n}.{rest}": rng.standard_normal(shape).astype(np.float32)
        for n in range(12)
        for rest, shape in {"attn.q.weight": (9, 6), "mlp.up.weight": (8, 6), "norm": (6,)}.items()
    }
    tensors["embed.weight"] = rng.standard_normal((10, 6)).astype(np.float16)
    tensors["<img src=x onerror=alert(1)>" + "name" * 30] = np.ones(3, np.int64)
    save_file(tensors, folder / "a.safetensors")
    tensors["model.layers.3.attn.q.weight"] *= 2
    tensors["model.layers.7.mlp.up.weight"][0, 0] = np.nan
    metadata = {"lm_head.weight": "embed.weight", "note": "</script><b>x" * 20}
    save_file(tensors, folder / "b.safetensors", metadata)
    path = folder / "report.html"
    expect(0, "report", folder / "b.safetensors", "--against", folder / "a.safetensors",
           "-o", path, "-q")  # fmt: skip
    return path


@pytest.fixture(scope="module")
def real(tmp_path_factory, minilm):
    """The page of a published model."""
    path = tmp_path_factory.mktemp("real") / "report.html"
    expect(0, "report", minilm, "-o", path, "-q")
    return path


@pytest.fixture(params=["page", "real"])
def any_page(request):
    return request.getfixturevalue(request.param)


def visible(browser, selector):
    return browser.run(
        f"[...document.querySelectorAll('{selector}')].filter((e) => e.getClientRects().length)"
        ".map((e) => e.innerText)"
    )


def test_a_page_says_nothing_and_asks_nobody(browser, any_page):
    browser.visit(any_page, 1200)
    asked = [event["request"]["url"] for event in browser.of("Network.requestWillBeSent")]
    assert asked == [any_page.as_uri()]
    noise = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
    assert browser.of(*noise) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 400, 1200])
def test_a_page_fits_its_window_and_can_be_read(browser, any_page, width, dark):
    browser.visit(any_page, width, dark=dark, phone=width < 500)
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run(_WIDER) == []
    assert browser.run(_POOR) == []
    assert browser.run(_POOR.replace("4.5", "99"))  # it does look at texts


def test_dark_is_dark_and_light_is_light(browser, page):
    for dark, wanted in ((False, range(600, 766)), (True, range(150))):
        browser.visit(page, 1200, dark=dark)
        color = browser.run("getComputedStyle(document.body).backgroundColor")
        assert sum(int(part) for part in color[4:-1].split(",")[:3]) in wanted


@pytest.mark.parametrize("width", [400, 1200])
def test_the_list_of_tensors_is_filtered_as_one_types(browser, page, width):
    browser.visit(page, width, phone=width < 500)
    rows = "#tensors tbody tr"
    assert len(visible(browser, rows)) == 39
    browser.click("document.querySelector('#tensors input')")
    browser.write("layers.3 weight")
    assert [row.split()[0] for row in visible(browser, f"{rows} th")] == [
        "model.layers.3.attn.q.weight", "model.layers.3.mlp.up.weight",
    ]  # fmt: skip
    assert visible(browser, "#tensors output") == ["2 of 39"]


def test_a_column_is_sorted_by_a_click_and_back_by_another(browser, page):
    browser.visit(page, 1200)
    column = "document.querySelectorAll('#tensors thead button')[3]"
    numel = "#tensors tbody td:nth-child(4)"
    orders = []
    for _ in range(2):
        browser.click(column)
        orders.append([int(text) for text in visible(browser, numel) if text])
    assert orders[0] == sorted(orders[0], reverse=True)
    assert orders[1] == sorted(orders[1])


def test_a_node_of_the_tree_folds_and_unfolds(browser, page):
    browser.visit(page, 1200)
    first = "document.querySelector('.tree details')"
    before = browser.run(f"{first}.open")
    for wanted in (not before, before):
        browser.click(f"{first}.querySelector('summary')")
        assert browser.run(f"{first}.open") is wanted


def test_the_map_of_layers_changes_its_figure_and_reads_a_cell(browser, page):
    browser.visit(page, 1200)
    colors = "[...document.querySelectorAll('#heat td[title]')]" \
        ".map((e) => getComputedStyle(e).backgroundColor)"  # fmt: skip
    by_std = browser.run(colors)
    browser.click("document.querySelector('label[for=by-absmax]')")
    assert browser.run(colors) != by_std
    assert len(by_std) == 36
    browser.point("document.querySelector('#heat td[title]')")
    (told,) = visible(browser, "#heat .reading")
    assert told.startswith("0.attn.q.weight: std ")


def test_the_picture_of_a_diff_has_its_color_where_the_model_changed(browser, page):
    browser.visit(page, 400, phone=True)
    cells = browser.run(
        "[...document.querySelectorAll('#changes .map td[title]')]"
        ".map((e) => [e.title, e.className, getComputedStyle(e).backgroundColor])"
    )
    changed = [cell for cell in cells if cell[0] != "unchanged"]
    assert len(cells) == 36
    assert [title.split()[0] for title, _, _ in changed] == ["relative", "changed"]  # to NaN
    plain = {color for title, _, color in cells if title == "unchanged"}
    assert len(plain) == 1
    assert not plain & {color for _, _, color in changed}
