import { Drawer, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import type { Found } from "../api/use-api.ts";
import { useTexts } from "../texts/texts.ts";
import { ProblemNotice } from "./problem-notice.tsx";

/**
 * One thing of a list, by the id that stands in the address; an empty id: none, it is closed. Until the thing is here, and where it is not,
 * the drawer is called as the list is.
 */
export function OneDrawer<One>({
  id,
  found,
  title,
  titleOf,
  onClose,
  children,
}: {
  id: string;
  found: Pick<Found<One>, "data" | "error">;
  title: string;
  titleOf: (one: One) => string;
  onClose: () => void;
  children: (one: One) => ReactNode;
}) {
  const { t } = useTexts();
  const { data, error } = found;
  return (
    <Drawer
      opened={id !== ""}
      onClose={onClose}
      title={data === undefined ? title : titleOf(data)}
      closeButtonProps={{ "aria-label": t("shared.close") }}
    >
      {error ? <ProblemNotice problem={error} /> : data === undefined ? <Skeleton height={240} /> : children(data)}
    </Drawer>
  );
}
