"""The aggregates of S4 over the non-forgotten, filtered entries of a window: exact, and slow."""
import ctypes
import math
import struct
from fractions import Fraction

from expression import Dec, Span, Time, exact, kInt64, nearest

kRegisterBits = 12


def aggregate(name, values, events, arguments):
    """`values`: of the argument in order of S3.6, nulls included; `events`: how many entries."""
    if name == "count":
        return events if values is None else sum(value is not None for value in values)
    values = [value for value in values if value is not None]
    if name == "sum":
        return total(values)
    if name == "distinct":
        return distinct(values)
    if name == "list":
        n = arguments[0] if arguments else 100
        return values[-n:]
    if name == "top_k":
        return top_k(values, arguments[0])
    if not values:
        return None
    if name in ("mean", "var", "std"):
        return moment(name, *over_one_denominator(values))
    if name in ("min", "max"):
        return (min if name == "min" else max)(values, key=order)
    if name in ("first", "last"):
        return values[0 if name == "first" else -1]
    if name in ("any", "all"):
        return (any if name == "any" else all)(values)
    if name == "quantile":
        return quantile(values, arguments[0])
    raise SyntaxError(name)


def order(value):
    if isinstance(value, str):
        return value.encode()
    return exact(value)


def over_one_denominator(values):
    """The values as whole numbers over one denominator: Fractions of each would take longer."""
    pairs = [(value.mantissa, 10**value.scale) if isinstance(value, Dec)
             else float(value).as_integer_ratio() if isinstance(value, float) else (int(value), 1)
             for value in values]
    denominator = math.lcm(*{below for _, below in pairs})
    return [above * (denominator // below) for above, below in pairs], denominator


def total(values):
    if not values:
        return 0
    numbers, denominator = over_one_denominator(values)
    if isinstance(values[0], float):
        return nearest(Fraction(sum(numbers), denominator))
    if sum(numbers) not in kInt64:
        return None
    return Dec(sum(numbers), values[0].scale) if isinstance(values[0], Dec) else sum(numbers)


def moment(name, numbers, denominator):
    n, first = len(numbers), sum(numbers)
    if name == "mean":
        return nearest(Fraction(first, n * denominator))
    second = sum(number * number for number in numbers)
    var = nearest(Fraction(n * second - first * first, (n * denominator) ** 2))
    return math.sqrt(var) if name == "std" and var is not None else var


def top_k(values, k):
    counts = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return sorted(counts, key=lambda value: (-counts[value], order(value)))[:k]


def quantile(values, q):
    """`q` is exact. Each number is cut to sign, exponent and seven bits of its mantissa."""
    cut = sorted(bucket(nearest(exact(value))) for value in values)
    rank = max(1, math.ceil(q * len(cut)))
    return cut[rank - 1]


def bucket(number):
    bits = struct.unpack("<Q", struct.pack("<d", number))[0]
    return struct.unpack("<d", struct.pack("<Q", bits >> 45 << 45))[0] + 0.0


def distinct(values):
    """Dense HyperLogLog: register = the hash's top bits, rank = 1 + leading zeros of the rest."""
    registers = [0] * 2**kRegisterBits
    rest_bits = 64 - kRegisterBits
    for value in values:
        hashed = xxh3_64(canonical(value))
        register, rest = hashed >> rest_bits, hashed & (2**rest_bits - 1)
        registers[register] = max(registers[register], rest_bits - rest.bit_length() + 1)
    m = len(registers)
    inverse = Fraction(sum(1 << (64 - rank) for rank in registers), 1 << 64)  # sum of 2**-rank
    raw = Fraction(0.7213 / (1 + 1.079 / m)) * m * m / inverse
    empty = registers.count(0)
    if raw <= Fraction(5, 2) * m and empty:
        return math.floor(m * math.log(m / empty) + 0.5)
    return math.floor(raw + Fraction(1, 2))


def canonical(value):
    """The kind's number, then the content: what groups, sketches and content hashes are made of."""
    if isinstance(value, bool):
        return bytes((1, value))
    if isinstance(value, float):
        return b"\x03" + struct.pack("<d", value)
    if isinstance(value, Dec):
        return b"\x04" + zigzag(value.mantissa)
    if isinstance(value, str):
        data = value.encode()
        return b"\x05" + varint(len(data)) + data
    kind = 6 if isinstance(value, Time) else 7 if isinstance(value, Span) else 2
    return bytes((kind,)) + zigzag(int(value))


def zigzag(value):
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def varint(value):
    out = b""
    while value >= 128:
        out += bytes((value & 127 | 128,))
        value >>= 7
    return out + bytes((value,))


def xxh3_64(data, library=[]):
    """The published hash, from its own library."""
    if not library:
        library.append(ctypes.CDLL("libxxhash.so.0").XXH3_64bits)
        library[0].restype = ctypes.c_uint64
        library[0].argtypes = (ctypes.c_char_p, ctypes.c_size_t)
    return library[0](data, len(data))
