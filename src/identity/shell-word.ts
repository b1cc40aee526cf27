const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/**
 * Somebody's text as one word of a command that the reader copies into a shell: addresses and user names may hold what shells
 * run. What begins with a hyphen is an option still, so it stands after `--`.
 */
export function shellWord(text: string): string {
  const line = text.replace(CONTROLS, " ");
  return /^[\w@.+/-]+$/.test(line) ? line : `'${line.replaceAll("'", "'\\''")}'`;
}
