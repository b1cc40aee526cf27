/** The cookie of whoever has signed in. `__Host-`: no other host, path or plain connection can have set it (RFC 6265bis §4.1.3.2). */
export const SESSION_COOKIE = "__Host-muster";
