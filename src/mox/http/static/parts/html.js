// The door to what others wrote: Preact, its hooks and signals, and htm, which reads our templates.
import { h, render, Fragment, createContext } from "../vendor/preact.js"
import { useEffect, useId, useRef, useState, useContext, useLayoutEffect } from "../vendor/hooks.js"
import { signal, computed, effect, batch } from "../vendor/signals.js"
import htm from "../vendor/htm.js"

export const html = htm.bind(h)
export { batch, computed, createContext, effect, Fragment, h, render, signal }
export { useContext, useEffect, useId, useLayoutEffect, useRef, useState }
