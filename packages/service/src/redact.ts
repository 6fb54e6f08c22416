/**
 * A URL, or a comma-separated list of URLs, with `***` in place of user names and passwords. In
 * texts that are not valid URLs it hides more.
 */
export function redactUrl(text: string): string {
  const urls = text.split(/,(?=\s*[a-z][a-z\d+.-]*:\/\/)/i)
  return urls.every((url) => URL.canParse(url)) ? urls.map(redactOne).join(',') : redactOne(text)
}

function redactOne(text: string): string {
  if (/^\s*file:/i.test(text)) return text
  const [, scheme = '', rest = ''] = /^(\s*[a-z][a-z\d+.-]*:\/\/)?(.*)$/is.exec(text) ?? []
  // A password may hold an unescaped @ or /, so everything before the last @ counts as credentials.
  const end = rest.lastIndexOf('@')
  if (end >= 0) return `${scheme}***${rest.slice(end)}`
  // An invalid URL: what follows the colon may be a password without its host.
  if (scheme && !URL.canParse(text)) return scheme + rest.replace(/:.*$/s, ':***')
  return text
}
