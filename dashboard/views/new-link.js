// The form that shortens an address. What is wrong is said at the form, never in a dialog.

import { element } from "../dom.js";

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
  const error = element("p", { class: "error", id: "new-link-error", role: "alert" });
  const button = element("button", { class: "button primary" }, "Shorten");
  const form = element(
    "form",
    { class: "new-link", novalidate: true, "aria-label": "New link" },
    element("div", { class: "field grow" }, element("label", { for: "target" }, "Address"), target),
    element(
      "div",
      { class: "field" },
      element("label", { for: "alias" }, "Name ", element("span", { class: "faint" }, "optional")),
      alias,
    ),
    button,
    error,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  form.addEventListener("input", () => refuse("", null));

  async function submit() {
    const address = completed(target.value);
    target.value = address;
    if (!address || !target.checkValidity()) {
      return refuse("Enter an address like https://example.com/page.", target);
    }
    if (!alias.checkValidity()) {
      return refuse("A name is 3 to 32 letters, digits, hyphens and underscores.", alias);
    }
    button.disabled = true;
    try {
      onMade(await api.create(address, alias.value));
      form.reset();
      refuse("", null);
      target.focus();
    } catch (failed) {
      refuse(failed.message, failed.code === "alias_taken" ? alias : target);
    } finally {
      button.disabled = false;
    }
  }

  function refuse(text, field) {
    error.textContent = text;
    for (const input of [target, alias]) input.toggleAttribute("aria-invalid", input === field);
    field?.focus();
  }

  return form;
}

/** People leave the scheme out. */
function completed(text) {
  const address = text.trim();
  return address === "" || /^[a-z][a-z0-9+.-]*:/i.test(address) ? address : `https://${address}`;
}
