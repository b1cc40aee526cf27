import type { Command } from "commander";

export type PulledOptions = Record<string, unknown>;

/** How a kind of directory that is pulled from is described on the command line. */
export type PulledKind = {
  /** Its options, as commander names them, that no other kind has. */
  options: readonly string[];
  /** Those that it cannot do without, when these are given. */
  needed(options: PulledOptions): readonly string[];
  /** Seconds between runs when nothing is said; null: only by hand. */
  every: number | null;
  /** Says them to commander; what takes one of them back is `--no-…`. */
  add(command: Command): void;
  /** The settings as they are stored; what was not said is left out, what was said empty stands as an empty text. */
  settingsOf(options: PulledOptions, environment: NodeJS.ProcessEnv): Record<string, unknown>;
  /** Which option a setting came by. */
  flagOf(path: string): string;
  /** The option, as commander names it, that names the file of its secret; null: it has none. */
  secret: string | null;
};

export const HOUR = 3600;

/** `bindDn` → `--bind-dn`. */
export function flag(option: string): string {
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
