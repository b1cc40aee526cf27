import type { Command } from "commander";

export type AddOptions = Record<string, unknown>;

/** How a kind of directory that is pulled from is described on the command line. */
export type PulledKind = {
  /** Its options, as commander names them, that no other kind has. */
  options: readonly string[];
  /** Those that it cannot do without, when these are given. */
  needed(options: AddOptions): readonly string[];
  /** Seconds between runs when nothing is said; null: only by hand. */
  every: number | null;
  add(command: Command): void;
  /** The settings as they are stored; what was not said is left out. */
  settingsOf(options: AddOptions, environment: NodeJS.ProcessEnv): Record<string, unknown>;
  /** Which option a setting came by. */
  flagOf(path: string): string;
  /** The file of its secret, and the option that names it. */
  secretOf(options: AddOptions): { file: string; flag: string } | undefined;
};

export const HOUR = 3600;

/** `bindDn` → `--bind-dn`. */
export function flag(option: string): string {
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
