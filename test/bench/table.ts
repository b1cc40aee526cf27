/** Figures with a head, printed as text or written as Markdown. */
export type Table = { title: string; head: string[]; rows: string[][] };

export function asText({ title, head, rows }: Table): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  return [title, ...lines].join("\n");
}

export function asMarkdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const ruler = head.map((_, column) => (column === 0 ? "---" : "--:"));
  return [line(head), line(ruler), ...rows.map(line)].join("\n");
}
