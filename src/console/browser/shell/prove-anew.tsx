import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { call, type Problem, session } from "../api/call.ts";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { useTexts } from "../texts/texts.ts";
import { usePerson } from "./session.ts";

/** Asks who one is, when the API wants a fresh proof for something dangerous; then that is done after all. */
export function ProveAnew() {
  const { t } = useTexts();
  const { session: own } = usePerson();
  const queries = useQueryClient();
  const [opened, setOpened] = useState(false);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const answer = useRef<(proved: boolean) => void>(() => {});
  useEffect(() => {
    session.proveAnew = () => {
      setProblem(undefined);
      setOpened(true);
      return new Promise((resolve) => {
        answer.current = resolve;
      });
    };
  }, []);
  const finish = (proved: boolean): void => {
    setOpened(false);
    setPassword("");
    setCode("");
    answer.current(proved);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const proof = code === "" ? {} : /^\d{6}$/.test(code) ? { code } : { recoveryCode: code };
    call("session.reauthenticate", { body: { password, ...proof } }).then(
      () => {
        void queries.invalidateQueries({ queryKey: ["session.get"] });
        finish(true);
      },
      (refused: Problem) => setProblem(refused),
    );
  };
  return (
    <Modal
      opened={opened}
      onClose={() => finish(false)}
      title={t("signIn.proveTitle")}
      closeButtonProps={{ "aria-label": t("shared.close") }}
    >
      <form onSubmit={submit}>
        <Stack>
          <Text>{t("signIn.proveWhy")}</Text>
          {own.method === "single-sign-on" ? (
            <Button component="a" href="/api/v1/single-sign-on/start?fresh=true">
              {t("signIn.singleSignOn")}
            </Button>
          ) : (
            <>
              <PasswordInput
                label={t("signIn.password")}
                autoComplete="current-password"
                required
                data-autofocus
                value={password}
                onChange={(event) => setPassword(event.currentTarget.value)}
              />
              {own.secondFactor && (
                <TextInput
                  label={t("signIn.code")}
                  autoComplete="one-time-code"
                  value={code}
                  onChange={(event) => setCode(event.currentTarget.value)}
                />
              )}
              {problem && <ProblemNotice problem={problem} />}
              <Group justify="flex-end">
                <Button variant="default" onClick={() => finish(false)}>
                  {t("shared.cancel")}
                </Button>
                <Button type="submit">{t("shared.forward")}</Button>
              </Group>
            </>
          )}
        </Stack>
      </form>
    </Modal>
  );
}
