// Email and password; a first password for an invited account; a new one for a forgotten one.

import { element, icon } from "../dom.js";

export function signInView({ session, onSignedIn, notice = "" }) {
  const error = element("p", { class: "error", role: "alert" });
  const panel = element("div", { class: "panel" });
  const view = element("div", { class: "sign-in" }, panel);
  showPassword();

  function showPassword() {
    const email = field("Email", { type: "email", name: "email", autocomplete: "username" });
    const password = field("Password", {
      type: "password", name: "password", autocomplete: "current-password",
    });
    show("Sign in", "Your links, and every click on them as it happens.", "Sign in", [email, password],
      async ({ email, password }) => {
        const challenge = await session.signIn(email.trim(), password);
        if (challenge) showNewPassword(challenge);
        else onSignedIn();
      },
      ["Forgot password?", () => showForgotten(panel.querySelector("[name=email]").value)]);
  }

  function showForgotten(known) {
    const email = field("Email", { type: "email", name: "email", autocomplete: "username", value: known });
    show("Forgot your password?", "A code comes by email. With it you choose a new password.", "Send the code", [email],
      async ({ email }) => {
        await session.forgotPassword(email.trim());
        showReset(email.trim());
      },
      ["Back to sign in", showPassword]);
    panel.querySelector("[name=email]").focus();
  }

  function showReset(email) {
    const whose = element("input", { type: "email", autocomplete: "username", value: email, hidden: true });
    const code = field("Code", {
      type: "text", name: "code", inputmode: "numeric", autocomplete: "one-time-code", spellcheck: "false",
    });
    show("Choose a password", `If ${email} has an account, a code is on its way. Take 12 characters or more.`,
      "Save and sign in", [whose, code, newPassword()], async ({ code, fresh }) => {
        await session.resetPassword(email, code.trim(), fresh);
        onSignedIn();
      },
      ["Send another code", () => showForgotten(email)]);
    panel.querySelector("[name=code]").focus();
  }

  function showNewPassword(challenge) {
    // For the browser's password manager, which wants to know whose password it keeps.
    const whose = element("input", { type: "email", autocomplete: "username", value: challenge.email, hidden: true });
    show("Choose a password", "The one you came with was temporary. Take 12 characters or more.",
      "Save and sign in", [whose, newPassword()], async ({ fresh }) => {
        await session.chooseNewPassword(challenge, fresh);
        onSignedIn();
      });
    panel.querySelector("input[name]").focus();
  }

  function show(title, lead, action, fields, submit, [other, onOther] = []) {
    error.textContent = "";
    const button = element("button", { class: "button primary wide" }, action);
    const form = element("form", { class: "stack", novalidate: true }, fields, error, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      attempt(form, button, submit);
    });
    panel.replaceChildren(
      element("span", { class: "logo large", "aria-hidden": "true" }, icon("pulse")),
      element("h1", { tabindex: -1 }, title),
      element("p", { class: "muted" }, notice || lead),
      form,
      other && element("button", { type: "button", class: "button quiet wide", onclick: onOther }, other),
    );
    notice = "";
  }

  async function attempt(form, button, submit) {
    const wrong = [...form.elements].find((input) => input.name && !input.checkValidity());
    error.textContent = wrong ? wrong.validationMessage : "";
    if (wrong) return wrong.focus();
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      await submit(Object.fromEntries(new FormData(form)));
    } catch (refusal) {
      error.textContent = refusal.message;
      [...form.querySelectorAll("input[name]")].at(-1).select();
    } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  }

  return { title: "Sign in", element: view, first: "input", close() {} };
}

const newPassword = () =>
  field("New password", { type: "password", name: "fresh", autocomplete: "new-password", minlength: 12 });

function field(label, attributes) {
  const input = element("input", { ...attributes, required: true, id: `field-${attributes.name}` });
  return element("div", { class: "field" }, element("label", { for: input.id }, label), input);
}
