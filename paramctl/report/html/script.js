// Sorting and searching of the tables, and a reading of the map; the page is whole without it.
(() => {
  "use strict";
  const value = (row, column) => {
    const cell = row.cells[column];
    if (!cell) return "";
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    const text = cell.innerText.trim();
    if (!cell.classList.contains("num")) return text;
    const plain = text.replace(/,/g, "").replace(/%$/, "");
    return plain === "–" || plain === "" ? NaN : Number(plain);
  };
  // Ascending; what is no number comes last either way.
  const compare = (a, b, sign) => {
    if (typeof a === "number" && typeof b === "number") {
      if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
      return sign * (a - b);
    }
    return sign * String(a).localeCompare(String(b), "en", { numeric: true });
  };
  const sort = (table, column, head) => {
    const [first, second] = head.classList.contains("num")
      ? ["descending", "ascending"]
      : ["ascending", "descending"];
    const order = head.getAttribute("aria-sort") === first ? second : first;
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order);
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [value(row, column), row]);
    rows.sort((a, b) => compare(a[0], b[0], order === "ascending" ? 1 : -1));
    body.append(...rows.map((pair) => pair[1]));
  };
  const search = (table) => {
    const box = document.createElement("input");
    const told = document.createElement("output");
    box.type = "search";
    box.placeholder = "Filter by name, dtype, shape";
    box.setAttribute("aria-label", box.placeholder);
    const rows = [...table.tBodies[0].rows];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    box.addEventListener("input", () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, at) => {
        row.hidden = !words.every((word) => texts[at].includes(word));
        shown += row.hidden ? 0 : 1;
      });
      told.textContent = words.length ? `${shown} of ${rows.length}` : "";
    });
    const bar = document.createElement("div");
    bar.className = "tools";
    bar.append(box, told);
    table.parentNode.before(bar);
  };
  for (const table of document.querySelectorAll("table.data")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => sort(table, column, head));
    });
    search(table);
  }
  for (const map of document.querySelectorAll("table.map")) {
    const told = document.createElement("p");
    told.className = "reading";
    told.textContent = "Point at a cell to read it.";
    map.parentNode.after(told);
    const read = (event) => {
      const cell = event.target.closest("tbody td[title]");
      if (!cell) return;
      const row = cell.parentNode;
      const layer = map.dataset.layers.split(" ")[cell.cellIndex - 1];
      told.textContent = `${layer}.${row.cells[0].textContent}: ${cell.title}`;
    };
    map.addEventListener("pointerover", read);
    map.addEventListener("click", read);
  }
})();
