"""Cap what a kernel sends, where it is sent.

For code that says too much by mistake: a hostile one can undo it, and meets the limits of the receiving side.
"""

OUTPUTS = ("stream", "display_data", "update_display_data", "execute_result", "error")
_NOTE = "... (left out: {size:,} bytes of output in one piece, {most:,} are allowed)\n"


def cap_output(session, most: int) -> None:
    """Have a session shorten what is longer than it may be.

    Parameters
    ----------
    session : jupyter_client.session.Session
        Of the kernel; changed in place.
    most : int
        Bytes of one output.
    """
    send = session.send

    def capped(stream, msg_or_type, content=None, *arguments, **options):
        kind = msg_or_type if isinstance(msg_or_type, str) else msg_or_type.get("msg_type")
        if kind in OUTPUTS:
            said = content if content is not None else msg_or_type["content"]
            shortened = _shortened(kind, said, most)
            if content is not None:
                content = shortened
            else:
                msg_or_type["content"] = shortened
        return send(stream, msg_or_type, content, *arguments, **options)

    session.send = capped


def _shortened(kind: str, content: dict, most: int) -> dict:
    if kind == "stream":
        text = content.get("text", "")
        if len(text) > most:
            return {**content, "text": text[:most] + _NOTE.format(size=len(text), most=most)}
    elif kind == "error":
        return {
            **content,
            "evalue": str(content.get("evalue"))[:most],
            "traceback": content.get("traceback", [])[-100:],
        }
    else:
        size = sum(len(value) if isinstance(value, str | bytes) else 0 for value in content.get("data", {}).values())
        if size > most:
            return {**content, "data": {"text/plain": _NOTE.format(size=size, most=most)}}
    return content
