/**
 * A URL, or a comma-separated list of URLs, with `***` in the place of user names and passwords. For texts that are not
 * valid URLs it hides more rather than less.
 */
export function redactUrl(text: string): string {
  const urls = text.split(/,(?=\s*[a-z][a-z\d+.-]*:\/\/)/i)
  return urls.every((url) => URL.canParse(url)) ? urls.map(redactOne).join(',') : redactOne(text)
}

function redactOne(text: string): string {
  if (/^\s*file:/i.test(text)) return text
  const [, scheme = '', rest = ''] = /^(\s*[a-z][a-z\d+.-]*:\/\/)?(.*)$/is.exec(text) ?? []
  // A password may hold an unescaped @ or /, so everything before the last @ is taken for credentials.
  const end = rest.lastIndexOf('@')
  if (end >= 0) return `${scheme}***${rest.slice(end)}`
  // Not a URL although it looks like one: what follows the colon may be a password whose host was forgotten.
  if (scheme && !URL.canParse(text)) return scheme + rest.replace(/:.*$/s, ':***')
  return text
}
