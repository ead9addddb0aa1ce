// Names for the boxes that select2 draws in place of a select: it leaves them without any.
"use strict";

window.django?.jQuery?.(($) => {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const [label] = select.labels;
    const [drawn] = $(select).data("select2")?.$container ?? [];
    if (!label || !drawn) continue;
    const box = drawn.querySelector("[role=combobox]");
    const value = drawn.querySelector("[role=textbox]");
    label.id = `${select.id}_label`;
    value.setAttribute("aria-labelledby", label.id);
    box.setAttribute("aria-labelledby", `${label.id} ${value.id}`);
    $(select).on("select2:open", () => {
      const dropdown = document.querySelector(".select2-dropdown");
      const list = dropdown.querySelector("[role=listbox]");
      const around = dropdown.parentElement;
      around.setAttribute("role", "region");
      for (const part of [around, list, dropdown.querySelector("[role=searchbox]")]) {
        part.setAttribute("aria-labelledby", label.id);
      }
      box.setAttribute("aria-controls", list.id);
    });
  }
});
