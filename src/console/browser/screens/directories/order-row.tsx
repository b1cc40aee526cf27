import { useSortable } from "@dnd-kit/sortable";
import { ActionIcon, Group, Text, Tooltip } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconGripVertical } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Row } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { Instant } from "../../parts/instant.tsx";
import { useTexts } from "../../texts/texts.ts";
import { RunChip } from "../runs/run-chip.tsx";

type Directory = Row<"directories.list">;

/** One directory at its place: dragged by its handle, or moved by its two buttons. */
export function OrderRow({
  directory,
  at,
  count,
  whyNot,
  run,
  onOpen,
  onMove,
}: {
  directory: Directory;
  at: number;
  count: number;
  whyNot: string | null;
  run: Row<"runs.list"> | undefined;
  onOpen: () => void;
  onMove: (by: 1 | -1) => void;
}) {
  const { t, word } = useTexts();
  const { name, kind, permissions } = directory;
  const drag = useSortable({ id: name, disabled: whyNot !== null });
  const shift = drag.transform ? `translate3d(0, ${drag.transform.y}px, 0)` : undefined;
  const hint = whyNot === null ? undefined : t("shared.whyNot", { why: whyNot });
  return (
    <tr ref={drag.setNodeRef} style={{ transform: shift, transition: drag.transition }} data-selected={drag.isDragging}>
      <td className="narrow">
        <Tooltip label={hint} disabled={hint === undefined}>
          <Group gap={4} wrap="nowrap">
            <ActionIcon
              variant="subtle"
              color="gray"
              className="drag-handle"
              {...drag.attributes}
              {...drag.listeners}
              aria-label={t("directories.drag", { name })}
              aria-disabled={whyNot !== null}
            >
              <IconGripVertical size={18} />
            </ActionIcon>
            <Text w={16} ta="right">
              {at + 1}
            </Text>
            <ActionIcon
              variant="subtle"
              aria-label={t("directories.up", { name })}
              disabled={at === 0 || whyNot !== null}
              onClick={() => onMove(-1)}
            >
              <IconArrowUp size={18} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              aria-label={t("directories.down", { name })}
              disabled={at === count - 1 || whyNot !== null}
              onClick={() => onMove(1)}
            >
              <IconArrowDown size={18} />
            </ActionIcon>
          </Group>
        </Tooltip>
      </td>
      <td>
        <button type="button" className="row-link" onClick={onOpen}>
          {name}
        </button>
      </td>
      <td className="narrow">{word("directories", kind)}</td>
      <td className="narrow">{word("directories", permissions)}</td>
      <td className="narrow">
        {kind === "scim" ? (
          <LastRequest name={name} />
        ) : run ? (
          <Group gap="xs" wrap="nowrap">
            <Link to={`/runs?open=${run.id}`} className="row-link">
              <RunChip state={run.state} />
            </Link>
            <Instant at={run.startedAt} />
          </Group>
        ) : (
          <Text c="dimmed">{kind === "internal" ? "–" : t("shared.never")}</Text>
        )}
      </td>
      <td className="narrow">
        {kind === "internal" ? (
          "–"
        ) : kind === "scim" ? (
          t("directories.pushes")
        ) : directory.syncEvery === null ? (
          t("directories.byHand")
        ) : (
          <NextRun every={directory.syncEvery} last={run?.startedAt} />
        )}
      </td>
    </tr>
  );
}

function LastRequest({ name }: { name: string }) {
  const { t } = useTexts();
  const { data } = useApi("directories.scimRequests", { params: { directory: name }, query: { limit: 1 } });
  const last = data?.data[0];
  if (data === undefined) return null;
  return last === undefined ? (
    <Link to={`/directories?open=${encodeURIComponent(name)}`} className="row-link">
      {t("directories.waitingFirst")}
    </Link>
  ) : (
    <Group gap="xs" wrap="nowrap">
      <Link to={`/scim-requests?directory=${encodeURIComponent(name)}`} className="row-link">
        {last.method} {last.status}
      </Link>
      <Instant at={last.at} />
    </Group>
  );
}

function NextRun({ every, last }: { every: number; last: string | undefined }) {
  const { t } = useTexts();
  const due = last === undefined ? 0 : new Date(last).getTime() + every * 1_000;
  return due <= Date.now() ? t("directories.due") : <Instant at={new Date(due).toISOString()} />;
}
