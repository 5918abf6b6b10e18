// Requests to the API of this site. A problem is thrown as `Problem`; the end of the session is told to who listens.
import { signal } from "./html.js"

/** The session as the server tells it: account, address, csrf, expires_at; null without one, undefined: not known yet. */
export const session = signal(undefined)

export class Problem extends Error {
	/** @param {{status: number, detail: string, code: string, field?: string}} told */
	constructor(told) {
		super(told.detail)
		this.status = told.status
		this.code = told.code
		this.field = told.field
	}
}

/** Ask the API; return what it answers, or undefined for nothing. */
export async function ask(method, path, body) {
	const headers = { accept: "application/json" }
	if (body !== undefined) headers["content-type"] = "application/json"
	if (session.value) headers["x-mox-csrf"] = session.value.csrf
	let response
	try {
		response = await fetch(`api/${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
	} catch {
		throw new Problem({ status: 0, code: "not-connected", detail: "The server cannot be reached. Check your connection." })
	}
	if (response.status === 204) return undefined
	const told = await response.json().catch(() => ({}))
	if (response.ok) return told
	const problem = new Problem({ status: response.status, detail: `The server answered ${response.status}.`, code: "unknown", ...told })
	if (problem.code === "session-ended" || problem.code === "no-session") session.value = null
	throw problem
}

/** Learn whether there is a session. */
export async function learnSession() {
	try {
		session.value = await ask("GET", "session")
	} catch (problem) {
		if (problem.status !== 401) throw problem
		session.value = null
	}
}

export async function signIn(username, password) {
	const { login_token } = await ask("POST", "login/prepare")
	session.value = await ask("POST", "login", { login_token, username, password })
}
