import { recall } from './memory.ts'

// Runs before the first paint, so that a chosen theme does not flash the other one.
const chosen = recall('theme')
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset['theme'] = chosen
