// Talking to the gateway.

/** What the gateway refused, with its sentence. */
export class Refused extends Error {
    constructor(status, problem) {
        super(problem?.detail ?? `the gateway answered ${status}`);
        this.status = status;
        this.code = problem?.code ?? "";
        this.field = problem?.field;
    }
}

export const session = { id: null, scope: null };
const order = ["view", "operate", "admin"];
export const may = (scope) => order.indexOf(session.scope) >= order.indexOf(scope);

/** Called when a session is over. */
export let onSignedOut = () => {};
export function whenSignedOut(action) { onSignedOut = action; }

export async function get(path, options) { return ask("GET", path, undefined, options); }
export async function post(path, body) { return ask("POST", path, body); }
export async function patch(path, body) { return ask("PATCH", path, body); }
export async function remove(path) { return ask("DELETE", path); }

async function ask(method, path, body, options) {
    const headers = { Accept: "application/json" };
    if (method !== "GET") headers["X-Bothy"] = "1";
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const answer = await fetch(path, {
        method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin",
        cache: "no-cache", signal: options?.signal ?? AbortSignal.timeout(15_000),
    });
    if (answer.status === 204) return null;
    const value = await answer.json().catch(() => null);
    if (answer.ok) return value;
    if (answer.status === 401 && path !== "/v1/session") onSignedOut();
    throw new Refused(answer.status, value);
}

/** Makes a session of a link's secret, or finds the one there is. False where there is none. */
export async function begin(link) {
    try {
        Object.assign(session, link ? await post("/v1/session", { link }) : await get("/v1/session"));
        return true;
    } catch (error) {
        if (error instanceof Refused && (error.status === 401 || error.status === 429)) {
            session.scope = null;
            if (link) throw error;
            return false;
        }
        throw error;
    }
}
