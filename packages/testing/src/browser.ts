import { accessSync } from 'node:fs'
import type { TestContext } from 'node:test'

import { chromium, type Browser, type Page } from 'playwright-core'

/** Why tests in a browser are skipped, and what to do about it. */
export const NO_BROWSER = 'there is no Chromium or Chrome in the usual places: install one (apt install chromium)'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]
const executablePath = places.find(exists)

/** Whether `openPage` can find a browser. */
export function hasBrowser(): boolean {
  return executablePath !== undefined
}

export interface OpenPage {
  page: Page
  /** What the browser complained of until now, and every request to another origin. */
  complaints: string[]
}

export interface PageOptions {
  theme?: 'light' | 'dark'
  width?: number
  height?: number
  /** Pixels of the screen per CSS pixel. */
  scaleFactor?: number
}

/** Opens `url` in a browser of its own, which is closed when the test ends. */
export async function openPage(t: TestContext, url: string, options: PageOptions = {}): Promise<OpenPage> {
  const { theme = 'light', width = 1280, height = Math.round(width * 0.7), scaleFactor = 1 } = options
  const browser = await launchBrowser()
  t.after(() => browser.close())
  const context = await browser.newContext({
    colorScheme: theme,
    viewport: { width, height },
    deviceScaleFactor: scaleFactor,
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(`request to ${request.url()}`)
  })
  await page.goto(url)
  return { page, complaints }
}

/** Starts a browser. The caller closes it. */
export function launchBrowser(): Promise<Browser> {
  // Chromium refuses its sandbox to root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ ...(executablePath && { executablePath }), args })
}

function exists(path: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}
