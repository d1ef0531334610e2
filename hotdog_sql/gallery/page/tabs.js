/* Tabs: one can be chosen, arrows move between them. */

/**
 * Fill a tab list.
 * @param {HTMLElement} list
 * @param {Array<{value: string|null, label: string, count: number}>} choices
 * @param {(value: string|null) => void} choose hears of each choice.
 */
function tabs(list, choices, choose) {
  const buttons = choices.map(({ value, label, count }) => {
    const button = element(
      "button", "", words(label), " ", element("span", "number", numbers.format(count)),
    );
    button.type = "button";
    button.title = label;
    button.setAttribute("role", "tab");
    button.setAttribute("aria-controls", "panel");
    button.addEventListener("click", () => {
      select(button);
      choose(value);
    });
    return button;
  });

  function select(chosen) {
    for (const button of buttons) {
      button.setAttribute("aria-selected", String(button === chosen));
      button.tabIndex = button === chosen ? 0 : -1;
    }
  }

  list.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement);
    const to = {
      ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: buttons.length - 1,
    }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const button = buttons[(to + buttons.length) % buttons.length];
    button.focus();
    button.click();
  });

  list.replaceChildren(...buttons);
  select(buttons[0]);
}
