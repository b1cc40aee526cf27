import {
  closestCenter,
  DndContext,
  type DragEndEvent,
  KeyboardSensor,
  PointerSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import {
  arrayMove,
  SortableContext,
  sortableKeyboardCoordinates,
  verticalListSortingStrategy,
} from "@dnd-kit/sortable";
import { useEffect, useState } from "react";
import type { Row } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { useWhyNot } from "../../parts/act-button.tsx";
import { PlainTable } from "../../parts/plain-table.tsx";
import { usePreview } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { OrderPreview } from "./order-preview.tsx";
import { OrderRow } from "./order-row.tsx";

type Directory = Row<"directories.list">;

/** The directories in their order. Another order is tried first: what it would do to whom stands below until it is kept. */
export function DirectoryOrder({
  directories,
  onOpen,
}: {
  directories: readonly Directory[];
  onOpen: (name: string) => void;
}) {
  const { t } = useTexts();
  const [wanted, setWanted] = useState<readonly string[] | null>(null);
  const preview = usePreview("directories.order");
  const whyNot = useWhyNot("directories.order");
  const runs = useApi("runs.list", { query: { limit: 100 } }, { every: 15_000 });
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 4 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  const now = directories.map(({ name }) => name);
  const names = wanted ?? now;
  const same = names.join(" ") === now.join(" ");
  const kept = now.join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was wanted is over once the directories are others.
  useEffect(() => setWanted(null), [kept]);
  const want = (next: readonly string[]): void => {
    if (whyNot !== null) return;
    setWanted(next);
    if (next.join(" ") === now.join(" ")) preview.clear();
    else void preview.look({ body: { names: [...next] } });
  };
  const move = (from: number, to: number): void => {
    if (to >= 0 && to < names.length && from !== to) want(arrayMove([...names], from, to));
  };
  const dropped = ({ active, over }: DragEndEvent): void => {
    if (over) move(names.indexOf(String(active.id)), names.indexOf(String(over.id)));
  };
  const places = (id: unknown): number => names.indexOf(String(id)) + 1;
  const rows = names.flatMap((name) => directories.filter((directory) => directory.name === name));
  return (
    <>
      <DndContext
        sensors={sensors}
        collisionDetection={closestCenter}
        onDragEnd={dropped}
        accessibility={{
          screenReaderInstructions: { draggable: t("directories.dragHow") },
          announcements: {
            onDragStart: ({ active }) => t("directories.dragTaken", { name: String(active.id) }),
            onDragOver: ({ over }) => t("directories.dragOver", { n: places(over?.id) }),
            onDragEnd: ({ over }) => t("directories.dragDone", { n: places(over?.id) }),
            onDragCancel: () => t("directories.dragCancelled"),
          },
        }}
      >
        <SortableContext items={[...names]} strategy={verticalListSortingStrategy}>
          <PlainTable
            caption={t("directories.title")}
            heads={[
              t("directories.order"),
              t("directories.name"),
              t("directories.kind"),
              t("directories.permissions"),
              t("directories.last"),
              t("directories.next"),
            ]}
          >
            {rows.map((directory, at) => (
              <OrderRow
                key={directory.name}
                directory={directory}
                at={at}
                count={rows.length}
                whyNot={whyNot}
                run={runs.data?.data.find((one) => one.directory.name === directory.name)}
                onOpen={() => onOpen(directory.name)}
                onMove={(by) => move(at, at + by)}
              />
            ))}
          </PlainTable>
        </SortableContext>
      </DndContext>
      {!same && (
        <OrderPreview
          names={names}
          before={now}
          trial={preview.trial}
          problem={preview.problem}
          onBack={() => {
            setWanted(null);
            preview.clear();
          }}
        />
      )}
    </>
  );
}
