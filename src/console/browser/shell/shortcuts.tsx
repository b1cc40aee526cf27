import { Kbd, Modal, Table } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useTexts } from "../texts/texts.ts";

const GO: Readonly<Record<string, string>> = { u: "/users", i: "/invitations", a: "/audit" };

/** Milliseconds in which the second key of `g u` is awaited. */
const PATIENCE = 1_000;

/** What the keyboard does everywhere. Keys pressed in a field are text. */
export function Shortcuts() {
  const { t } = useTexts();
  const navigate = useNavigate();
  const [opened, setOpened] = useState(false);
  const going = useRef(0);
  useHotkeys([
    ["shift + ?", () => setOpened(true)],
    ["?", () => setOpened(true)],
    ["c", () => void navigate("/invitations?invite=people")],
    ["/", () => document.querySelector<HTMLInputElement>("[data-search]")?.focus()],
  ]);
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) ||
        target.isContentEditable
      )
        return;
      const path = performance.now() - going.current < PATIENCE ? GO[event.key] : undefined;
      going.current = event.key === "g" ? performance.now() : -PATIENCE;
      if (path !== undefined) void navigate(path);
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [navigate]);
  const rows: [string[], string][] = [
    [["Ctrl", "K"], t("shell.shortcutPalette")],
    [["g", "u/i/a"], t("shell.shortcutGo")],
    [["c"], t("shell.shortcutInvite")],
    [["/"], t("shell.shortcutSearch")],
    [["j", "k"], t("shell.shortcutRows")],
    [["x"], t("shell.shortcutSelect")],
    [["Enter"], t("shell.shortcutOpen")],
    [["Esc"], t("shell.shortcutClose")],
    [["?"], t("shell.shortcutHelp")],
  ];
  return (
    <Modal
      opened={opened}
      onClose={() => setOpened(false)}
      title={t("shell.shortcuts")}
      closeButtonProps={{ "aria-label": t("shared.close") }}
    >
      <Table>
        <Table.Tbody>
          {rows.map(([keys, does]) => (
            <Table.Tr key={does}>
              <Table.Td>
                {keys.map((key) => (
                  <Kbd key={key} mr={4}>
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>{does}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
