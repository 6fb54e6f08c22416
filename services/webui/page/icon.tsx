const paths = {
  system: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18z M12 3v18a9 9 0 0 0 0-18z',
  light:
    'M12 7.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9z M12 2v2 M12 20v2 M2 12h2 M20 12h2 M4.9 4.9l1.4 1.4 M17.7 17.7l1.4 1.4 M4.9 19.1l1.4-1.4 M17.7 6.3l1.4-1.4',
  dark: 'M20.5 14.5A8.5 8.5 0 0 1 9.5 3.5a8.5 8.5 0 1 0 11 11z',
  present: 'M3 4.5h18v12H3z M12 16.5v4 M8 20.5h8',
  book: 'M12 6.5c-2-1.6-5-2-8.5-2v13c3.5 0 6.5.4 8.5 2c2-1.6 5-2 8.5-2v-13c-3.5 0-6.5.4-8.5 2z M12 6.5v13',
  links: 'M9 15l6-6 M10.5 6.5l2-2a4.2 4.2 0 0 1 6 6l-2.5 2.5 M13.5 17.5l-2 2a4.2 4.2 0 0 1-6-6l2.5-2.5',
  cross: 'M6 6l12 12 M18 6l-12 12',
}

/** A drawing beside or instead of a text, which is elsewhere for those who do not see it. */
export function Icon({ name }: { name: keyof typeof paths }) {
  return (
    <svg class={`icon ${name}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}
