"use strict";
// A dashboard's charts, and its filters: a row is shown while it has every value that was chosen.
const told = JSON.parse(document.getElementById("figures").textContent);
const form = document.querySelector("form");
const views = told.map(({ spec }, n) => spec && draw(spec, n));

async function draw(spec, n) {
  const options = { ast: true, actions: false, renderer: "svg", tooltip: { theme: "light" } };
  const place = document.getElementById(`chart-${n}`);
  const made = await vegaEmbed(place, { ...spec, data: { name: "figures", values: told[n].rows } }, options);
  document.getElementById(`table-${n}`).open = false;
  return made.view;
}

async function show() {
  const chosen = [...form.querySelectorAll("select")].filter((s) => s.value !== "");
  for (const [n, { columns, rows, spec }] of told.entries()) {
    const lines = [...document.querySelectorAll(`#table-${n} tbody tr`)];
    const fits = (line) =>
      chosen.every((s) => {
        const place = columns.indexOf(s.name);
        return place < 0 || line.cells[place].textContent === s.value;
      });
    const kept = lines.map(fits);
    lines.forEach((line, i) => { line.hidden = !kept[i]; });
    if (!spec) continue;
    const view = await views[n];
    const left = rows.filter((_, i) => kept[i]);
    await view.data("figures", left).runAsync();
  }
  const said = chosen.map((s) => `${s.name}: ${s.value}`).join(", ");
  document.querySelector("[role=status]").textContent = said ? `Shown for ${said}.` : "";
  document.body.dataset.shown = said || "all";
}

if (form) {
  form.hidden = false;
  form.addEventListener("change", show);
  form.addEventListener("reset", () => setTimeout(show));
}
Promise.all(views).then(() => { document.body.dataset.shown = "all"; });
