// Light or dark: as the system says, unless this browser was told otherwise.
import { signal } from "./html.js"

const KEY = "mox-theme"
const stored = () => { try { return localStorage.getItem(KEY) } catch { return null } }

/** "light", "dark", or "" for the system's. */
export const theme = signal(stored() ?? "")

export function isDark() {
	return theme.value ? theme.value === "dark" : matchMedia("(prefers-color-scheme: dark)").matches
}

export function setTheme(wanted) {
	theme.value = wanted
	try { wanted ? localStorage.setItem(KEY, wanted) : localStorage.removeItem(KEY) } catch { /* private windows */ }
	show()
}

export function show() {
	if (theme.value) document.documentElement.dataset.theme = theme.value
	else delete document.documentElement.dataset.theme
}
