"""Square codes for slips and screens."""

import io

import segno


def qr_svg(text: str) -> str:
    """A QR code as inline SVG: error correction M, a quiet border, no style attributes, sized by its surroundings."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2)
    return out.getvalue().decode()
