import { ConnectorError, type ConnectorErrorCode } from "../connector.ts";

/** Where in which file something stands. `column` is a heading, or a number from 1 where there is none. */
export type Place = { file: string; line: number; column?: string | number };

export function placeText({ file, line, column }: Place): string {
  return `${file} line ${line}${column === undefined ? "" : ` column ${column}`}`;
}

export function faultAt(place: Place, message: string, code: ConnectorErrorCode = "protocol"): ConnectorError {
  return new ConnectorError(code, `${placeText(place)}: ${message}`);
}

export function cancelled(): ConnectorError {
  return new ConnectorError("cancelled", "the read was cancelled");
}
