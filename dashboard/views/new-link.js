// The form that shortens an address. What is wrong is said at the form, never in a dialog.

import { element } from "../dom.js";
import { completed, inWords } from "../words.js";

/** `onMade(link)` is called with the API's link. */
export function newLinkForm(api, onMade) {
  const target = element("input", {
    id: "target", name: "target", type: "url", required: true, maxlength: 2048, inputmode: "url",
    placeholder: "https://example.com/a/long/address", autocomplete: "off",
    "aria-describedby": "new-link-error",
  });
  const alias = element("input", {
    id: "alias", name: "alias", pattern: "[A-Za-z0-9_\\-]{3,32}", placeholder: "spring-sale",
    autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-describedby": "new-link-error",
  });
  const expiry = element("input", {
    id: "expiry", name: "expiry", type: "datetime-local", "aria-describedby": "new-link-error",
  });
  const fields = { address: target, name: alias, expiry };
  const error = element("p", { class: "error", id: "new-link-error", role: "alert" });
  const notice = element("p", { class: "notice" });
  const button = element("button", { class: "button primary" }, "Shorten");
  const optional = element("span", { class: "faint" }, "optional");
  const form = element(
    "form",
    { class: "new-link", novalidate: true, "aria-label": "New link" },
    element("div", { class: "field grow" }, element("label", { for: "target" }, "Address"), target),
    element("div", { class: "field" }, element("label", { for: "alias" }, "Name ", optional), alias),
    button,
    error,
    notice,
    element(
      "details",
      { class: "more" },
      element("summary", {}, "More"),
      element("div", { class: "field" }, element("label", { for: "expiry" }, "Expires, in your time"), expiry),
      element("p", { class: "faint" }, "Every reader with a link's name sees its number."),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  form.addEventListener("input", () => refuse("", null));

  async function submit() {
    const address = completed(target.value);
    target.value = address;
    if (!address || !target.checkValidity()) return refuse("Enter an address like https://example.com/page.", target);
    if (!alias.checkValidity()) return refuse("A name is 3 to 32 letters, digits, hyphens and underscores.", alias);
    button.disabled = true;
    try {
      const link = await api.create({ target: address, alias: alias.value, expiresAt: expiry.value });
      form.reset();
      refuse("", null);
      target.focus();
      onMade(link);
    } catch (failed) {
      const { text, field } = inWords(failed);
      refuse(text, fields[field] ?? target);
    } finally {
      button.disabled = false;
    }
  }

  function refuse(text, field) {
    error.textContent = text;
    notice.textContent = "";
    for (const input of Object.values(fields)) input.toggleAttribute("aria-invalid", input === field);
    if (field === expiry) form.querySelector("details").open = true;
    field?.focus();
  }

  return {
    element: form,
    focus: () => target.focus(),
    say: (text) => (notice.textContent = text),
  };
}
