import { Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { ActButton } from "../../parts/act-button.tsx";
import { useAddressState } from "../../parts/address-state.ts";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Everybody who matches, as a file that a job makes. */
export function ExportButton({ filter }: { filter: string }) {
  const { t } = useTexts();
  const { set } = useAddressState();
  const act = useAct();
  const begin = (format: "csv" | "jsonl"): void =>
    void act(
      "exports.create",
      { body: { kind: "users", format, ...(filter !== "" && { filter }) } },
      t("users.exportBegun"),
    ).then((job) => job && set({ job: job.id }));
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActButton operation="exports.create" variant="default" leftSection={<IconDownload size={16} />}>
          {t("users.export")}
        </ActButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => begin("csv")}>CSV</Menu.Item>
        <Menu.Item onClick={() => begin("jsonl")}>JSON Lines</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
