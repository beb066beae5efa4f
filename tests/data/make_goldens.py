#!/usr/bin/env python3
"""Makes tests/data/golden/: small PNG, JPEG and WebP files of every kind, and what they decode and resize to (as .ppm).

Needs numpy and Pillow; the tests need only the files. PNG files are put together here, byte by byte, because Pillow
writes neither 16-bit colour nor interlaced ones; what they decode to is computed from their pixels, not by a decoder.
Run it in the folder where it lies: python3 make_goldens.py
"""
import io
import os
import struct
import zlib

import numpy as np
from PIL import Image

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def write(name, data):
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(data)


def write_ppm(name, rgb):
    rgb = np.ascontiguousarray(rgb, np.uint8)
    write(name, b"P6\n%d %d\n255\n" % (rgb.shape[1], rgb.shape[0]) + rgb.tobytes())


def picture(height, width, seed):
    """A smooth picture with some noise, u8 [height,width,3]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    waves = [127 + 100 * np.sin(7 * x + 2 * k) * np.cos(5 * y - k) for k in range(3)]
    return np.clip(np.stack(waves, -1) + rng.normal(0, 12, (height, width, 3)), 0, 255).astype(np.uint8)


def scanlines(samples, bits):
    """Rows [h,w,channels] of one pass, each after a filter byte 0."""
    data = b""
    for row in samples:
        flat = row.reshape(-1)
        if bits == 16:
            data += b"\0" + flat.astype(">u2").tobytes()
        elif bits == 8:
            data += b"\0" + flat.astype(np.uint8).tobytes()
        else:
            unpacked = (flat[:, None] >> np.arange(bits - 1, -1, -1)) & 1
            data += b"\0" + np.packbits(unpacked.reshape(-1)).tobytes()
    return data


def png(samples, colour_type, bits=8, chunks=(), interlaced=False):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = samples.shape[:2]
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    body = b"".join(scanlines(samples[t::dy, l::dx], bits) for t, l, dy, dx in passes if samples[t::dy, l::dx].size)
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, int(interlaced))
    parts = [chunk(b"IHDR", header)] + [chunk(k, d) for k, d in chunks]
    parts += [chunk(b"IDAT", zlib.compress(body, 9)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def on_white(rgb, alpha):
    rgb, alpha = rgb.astype(int), alpha.astype(int)[..., None]
    return (rgb * alpha + 255 * (255 - alpha) + 127) // 255


def make_pngs():
    rgb = picture(9, 13, 1)
    grey = rgb[..., :1]
    alpha = np.random.default_rng(2).integers(0, 256, (9, 13)).astype(np.uint8)
    palette = np.random.default_rng(3).integers(0, 256, (16, 3)).astype(np.uint8)
    index = (grey >> 4).astype(int)
    wide = rgb.astype(int) * 256 + 77
    three = lambda g: np.repeat(g, 3, -1)
    cases = {
        "rgb": (png(rgb, 2), rgb),
        "interlaced": (png(rgb, 2, interlaced=True), rgb),
        "rgb16": (png(wide, 2, 16), rgb),
        "grey": (png(grey, 0), three(grey)),
        "grey1": (png(grey >> 7, 0, 1), three((grey >> 7) * 255)),
        "grey4": (png(grey >> 4, 0, 4), three((grey >> 4) * 17)),
        "grey16": (png(wide[..., :1], 0, 16), three(grey)),
        "grey_alpha": (png(np.concatenate([grey, alpha[..., None]], -1), 4), on_white(three(grey), alpha)),
        "rgba": (png(np.concatenate([rgb, alpha[..., None]], -1), 6), on_white(rgb, alpha)),
        "palette": (png(index, 3, 4, [(b"PLTE", palette.tobytes())]), palette[index[..., 0]]),
        "palette_alpha": (
            png(index, 3, 8, [(b"PLTE", palette.tobytes()), (b"tRNS", bytes([0, 128]))]),
            on_white(palette[index[..., 0]], np.array([0, 128] + [255] * 14)[index[..., 0]]),
        ),
        "gamma": (png(rgb, 2, chunks=[(b"gAMA", struct.pack(">I", 100000))]), rgb),
    }
    for name, (data, expected) in cases.items():
        write(name + ".png", data)
        write_ppm(name + ".png.ppm", expected)


def jpeg(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def adobe_transform(data, transform):
    """The same file with another transform in its Adobe marker: 2 declares the four channels to be YCCK."""
    at = data.index(b"Adobe") + 11
    return data[:at] + bytes([transform]) + data[at + 1 :]


def make_jpegs():
    image = Image.fromarray(picture(19, 26, 4))
    cases = {
        "rgb": jpeg(image, quality=90),
        "full_colour": jpeg(image, quality=95, subsampling=0),
        "progressive": jpeg(image, quality=80, progressive=True),
        "grey": jpeg(image.convert("L"), quality=90),
        "cmyk": jpeg(image.convert("CMYK"), quality=90),
        "ycck": adobe_transform(jpeg(image.convert("CMYK"), quality=90), 2),
        "stored_rgb": jpeg(image, quality=90, keep_rgb=True),
        "progressive_cmyk": jpeg(image.convert("CMYK"), quality=80, progressive=True),
    }
    for name, data in cases.items():
        write(name + ".jpg", data)
        write_ppm(name + ".jpg.ppm", np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def make_large_jpegs():
    """Pictures of several blocks each way, for decoding parts; small all the same."""
    image = Image.fromarray(picture(150, 203, 20))
    cases = {
        "large_420": jpeg(image, quality=30),
        "large_422": jpeg(image, quality=30, subsampling="4:2:2"),
        "large_411": jpeg(image, quality=30, subsampling="4:1:1"),
        "large_progressive": jpeg(image, quality=30, progressive=True),
        "large_restart": jpeg(image, quality=30, restart_marker_rows=1),
    }
    for name, data in cases.items():
        write(name + ".jpg", data)


def webp(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", **options)
    return buffer.getvalue()


def make_webps():
    from PIL import ImageOps

    rgb = picture(19, 26, 6)
    alpha = np.random.default_rng(7).integers(0, 256, (19, 26)).astype(np.uint8)
    rgba = Image.fromarray(np.concatenate([rgb, alpha[..., None]], -1))
    exif = Image.Exif()
    exif[0x0112] = 6
    cases = {
        "lossy": webp(Image.fromarray(rgb), quality=80),
        "lossless": webp(Image.fromarray(rgb), lossless=True),
        "exif6": webp(Image.fromarray(rgb), quality=80, exif=exif),
    }
    for name, data in cases.items():
        write(name + ".webp", data)
        turned = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        write_ppm(name + ".webp.ppm", np.asarray(turned.convert("RGB")))
    write("alpha.webp", webp(rgba, lossless=True, exact=True))
    write_ppm("alpha.webp.ppm", on_white(rgb, alpha))
    frames = [Image.fromarray(picture(8, 8, seed)) for seed in (8, 9)]
    write("animated.webp", webp(frames[0], save_all=True, append_images=frames[1:]))


def make_oriented():
    """One picture stored in the eight orientations: decoded and turned, all give (nearly) the same."""
    from PIL import ImageOps
    image = Image.fromarray(picture(16, 24, 5))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = jpeg(image, quality=95, subsampling=0, exif=exif)
        write(f"exif{orientation}.jpg", data)
        turned = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        write_ppm(f"exif{orientation}.jpg.ppm", np.asarray(turned))


def resize_and_crop(image, size, resize=None, interpolation=Image.BILINEAR):
    """torchvision's Resize(resize) (antialiased) and CenterCrop(size)."""
    w, h = image.size
    resize = resize or size
    short, long = min(w, h), max(w, h)
    other = int(resize * long / short)
    new = (resize, other) if w <= h else (other, resize)
    image = image.resize(new, interpolation)
    left, top = int(round((new[0] - size) / 2.0)), int(round((new[1] - size) / 2.0))
    return image.crop((left, top, left + size, top + size))


def make_resized():
    shapes = {"landscape": (37, 61), "portrait": (53, 40), "square": (32, 32), "narrow": (90, 3)}
    for seed, (name, (height, width)) in enumerate(shapes.items()):
        rgb = picture(height, width, 10 + seed)
        write_ppm(f"resize_{name}.ppm", rgb)
        for size in (13, 32, 50):
            write_ppm(f"resize_{name}_{size}.ppm", np.asarray(resize_and_crop(Image.fromarray(rgb), size)))


FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
SOURCES = [(37, 61), (1, 1), (2, 3), (5, 1), (64, 48), (101, 33), (7, 200)]


def pattern(height, width):
    """A rough picture that resize_test.cc makes too."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return ((x * x * 7 + y * 13 + c * 31 + (x * y) % 17 * 5 + (x // 3 + y // 2) % 2 * 128) % 256).astype(np.uint8)


def make_digests():
    """Many sizes, up and down, as the CRC-32 of the resized pixels: what, source, target, filter, CRC."""
    lines = []

    def digest(what, rgb, numbers, name, image):
        height, width = rgb.shape[:2]
        crc = zlib.crc32(np.asarray(image).tobytes())
        lines.append(f"{what} {height} {width} {numbers[0]} {numbers[1]} {name} {crc}\n")

    for height, width in SOURCES:
        rgb = pattern(height, width)
        image = Image.fromarray(rgb)
        for name, interpolation in FILTERS.items():
            for h, w in [(1, 1), (13, 13), (31, 64), (50, 77), (224, 224), (37, 61), (height, 20), (20, width)]:
                digest("whole", rgb, (h, w), name, image.resize((w, h), interpolation))
            for resize, size in [(13, 13), (16, 13), (37, 32), (57, 50), (256, 224)]:
                digest("fit", rgb, (resize, size), name, resize_and_crop(image, size, resize, interpolation))
    write("resize_digests.txt", "".join(lines).encode())


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    make_pngs()
    make_jpegs()
    make_large_jpegs()
    make_oriented()
    make_webps()
    make_resized()
    make_digests()
