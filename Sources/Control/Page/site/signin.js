// What is shown to somebody without a session.
import { h, icon } from "./dom.js";

export function signIn(message) {
    const port = location.port || (location.protocol === "https:" ? "443" : "80");
    return h("main.signin", { id: "main" },
        h("img", { src: "icon.svg", alt: "", width: 56, height: 56 }),
        h("h1", null, "Bothy"),
        message ? h("p.message", { role: "alert" }, icon("attention"), " ", message) : null,
        h("p", null, "This gateway shows its values to those who belong. On the box, or over ssh, ask for a link:"),
        h("pre", { tabindex: 0, "aria-label": "command" }, h("code", null, "bothy page")),
        h("p", null, "Open it here within ten minutes. It works once, and then this browser is known."),
        h("details", null,
            h("summary", null, "The box is far away"),
            h("p", null, "Bring its page to your machine first, then open the link:"),
            h("pre", { tabindex: 0, "aria-label": "ssh command" },
                h("code", null, `ssh -L ${port}:127.0.0.1:${port} you@the-box`))));
}
