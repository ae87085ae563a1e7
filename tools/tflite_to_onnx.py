#!/usr/bin/env python3
"""Rewrites a small convolutional network from TensorFlow Lite's form (a FlatBuffer, schema v3) as ONNX (a protobuf, IR 7,
opset 11), weights untouched, so that one runtime reads every model. Standard library only; the same input gives the same
bytes. Knows CONV_2D, DEPTHWISE_CONV_2D, ADD, PRELU, a final RESHAPE, and the five operations that older exporters wrote
for PReLU: relu(x) + a (x - |x|), which is PReLU with slope 2 a. Anything else is refused.

    tools/tflite_to_onnx.py IN.tflite OUT.onnx
"""
import struct
import sys

ADD, CONV, DEPTHWISE, RELU, RESHAPE, MUL, SUB, PRELU, ABS = 0, 3, 4, 19, 22, 18, 41, 54, 101


class Table:
    """A FlatBuffer table: field i by its slot in the vtable; a slot of zero is a default."""

    def __init__(self, data, at):
        self.data, self.at = data, at
        self.vtable = at - struct.unpack_from("<i", data, at)[0]
        self.size = struct.unpack_from("<H", data, self.vtable)[0]

    def slot(self, i):
        if 4 + 2 * i >= self.size:
            return 0
        v = struct.unpack_from("<H", self.data, self.vtable + 4 + 2 * i)[0]
        return self.at + v if v else 0

    def number(self, i, form="<i"):
        at = self.slot(i)
        return struct.unpack_from(form, self.data, at)[0] if at else 0

    def follow(self, at):
        return at + struct.unpack_from("<I", self.data, at)[0]

    def table(self, i):
        at = self.slot(i)
        return Table(self.data, self.follow(at)) if at else None

    def vector(self, i):
        at = self.slot(i)
        if not at:
            return 0, 0
        at = self.follow(at)
        return at + 4, struct.unpack_from("<I", self.data, at)[0]

    def tables(self, i):
        at, n = self.vector(i)
        return [Table(self.data, self.follow(at + 4 * k)) for k in range(n)]

    def numbers(self, i):
        at, n = self.vector(i)
        return list(struct.unpack_from("<%di" % n, self.data, at)) if n else []

    def bytes(self, i):
        at, n = self.vector(i)
        return self.data[at:at + n]


class Tensor:
    def __init__(self, table, buffers):
        self.shape = table.numbers(0)
        self.type = table.number(1, "<b")
        raw = buffers[table.number(2, "<I")].bytes(0)
        self.values = struct.unpack("<%df" % (len(raw) // 4), raw) if raw and self.type == 0 else None


def varint(n):
    out = bytearray()
    n &= (1 << 64) - 1
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number, value):
    """A protobuf field: an int as varint, text and bytes length-delimited."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def attribute(name, value):
    if isinstance(value, int):
        return field(5, field(1, name) + field(3, value) + field(20, 2))
    return field(5, field(1, name) + b"".join(field(8, v) for v in value) + field(20, 7))


class Graph:
    def __init__(self):
        self.nodes, self.weights = [], []

    def node(self, kind, inputs, output, **attributes):
        body = b"".join(field(1, i) for i in inputs) + field(2, output) + field(3, output) + field(4, kind)
        self.nodes.append(field(1, body + b"".join(attribute(k, v) for k, v in sorted(attributes.items()))))

    def weight(self, name, shape, values):
        body = b"".join(field(1, d) for d in shape) + field(2, 1) + field(8, name)
        self.weights.append(field(5, body + field(9, struct.pack("<%df" % len(values), *values))))
        return name

    @staticmethod
    def value(name, shape):
        dims = b"".join(field(1, field(1, d)) for d in shape)
        return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))

    def model(self, inputs, outputs):
        graph = b"".join(self.nodes) + field(2, "net") + b"".join(self.weights)
        graph += b"".join(field(11, self.value(*i)) for i in inputs) + b"".join(field(12, self.value(*o)) for o in outputs)
        return field(1, 7) + field(2, "tflite_to_onnx") + field(7, graph) + field(8, field(1, "") + field(2, 11))


def pads(size, kernel, stride, valid):
    """TensorFlow's SAME padding: what is odd goes to the end."""
    total = 0 if valid else max(0, ((size + stride - 1) // stride - 1) * stride + kernel - size)
    return total // 2, total - total // 2


def transposed(v, shape, order):
    """Values of a four-dimensional array with its axes in another order."""
    strides = [shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3], 1]
    a, b, c, d = (range(shape[o]) for o in order)
    w, x, y, z = (strides[o] for o in order)
    return [v[i * w + j * x + k * y + m * z] for i in a for j in b for k in c for m in d]


def convolution(graph, tensors, ins, outs, options, depthwise):
    source, kernel, bias = tensors[ins[0]], tensors[ins[1]], tensors[ins[2]]
    if options.number(3 if not depthwise else 4, "<b"):
        sys.exit("a fused activation, which is not known here")
    valid, sx, sy = options.number(0, "<b") == 1, options.number(1), options.number(2)
    h, w = kernel.shape[1], kernel.shape[2]
    top, bottom = pads(source.shape[1], h, sy, valid)
    left, right = pads(source.shape[2], w, sx, valid)
    if depthwise:
        shape, values = [kernel.shape[3], 1, h, w], transposed(kernel.values, kernel.shape, (3, 0, 1, 2))
    else:
        shape, values = [kernel.shape[0], kernel.shape[3], h, w], transposed(kernel.values, kernel.shape, (0, 3, 1, 2))
    out = "t%d" % outs[0]
    graph.node("Conv", ["t%d" % ins[0], graph.weight(out + "w", shape, values), graph.weight(out + "b", bias.shape, bias.values)],
               out, kernel_shape=[h, w], strides=[sy, sx], pads=[top, left, bottom, right], group=shape[0] if depthwise else 1)


def old_prelu(graph, tensors, operations):
    """RELU, ABS, SUB, MUL, ADD as one PReLU; refuses what only looks like it."""
    (relu, abs_, sub, mul, add) = operations
    if [o[0] for o in operations] != [RELU, ABS, SUB, MUL, ADD]:
        sys.exit("a RELU that is no part of a PReLU")
    x = relu[1][0]
    slope = [i for i in mul[1] if tensors[i].values]
    rest = [i for i in mul[1] if not tensors[i].values]
    fits = abs_[1] == [x] and sub[1] == [x, abs_[2][0]] and rest == sub[2] and sorted(add[1]) == sorted([relu[2][0], mul[2][0]])
    if not fits or len(slope) != 1:
        sys.exit("a RELU that is no part of a PReLU")
    values = [2 * v for v in tensors[slope[0]].values]
    out = "t%d" % add[2][0]
    graph.node("PRelu", ["t%d" % x, graph.weight(out + "a", [len(values), 1, 1], values)], out)


def convert(data):
    if data[4:8] != b"TFL3":
        sys.exit("no TensorFlow Lite model")
    model = Table(data, struct.unpack_from("<I", data, 0)[0])
    codes = [max(c.number(0, "<b"), c.number(3)) for c in model.tables(1)]
    net, buffers = model.tables(2)[0], model.tables(4)
    tensors = [Tensor(t, buffers) for t in net.tables(0)]
    operations = [(codes[o.number(0, "<I")], o.numbers(1), o.numbers(2), o.table(4)) for o in net.tables(3)]
    graph, i, output = Graph(), 0, None
    while i < len(operations):
        kind, ins, outs, options = operations[i]
        if kind in (CONV, DEPTHWISE):
            convolution(graph, tensors, ins, outs, options, kind == DEPTHWISE)
        elif kind == ADD:
            graph.node("Add", ["t%d" % k for k in ins], "t%d" % outs[0])
        elif kind == PRELU:
            slope = tensors[ins[1]]
            graph.node("PRelu", ["t%d" % ins[0], graph.weight("t%da" % outs[0], [slope.shape[-1], 1, 1], slope.values)], "t%d" % outs[0])
        elif kind == RELU:
            old_prelu(graph, tensors, operations[i:i + 5])
            outs, i = operations[i + 4][2], i + 4
        elif kind == RESHAPE and i == len(operations) - 1:
            graph.node("Flatten", ["t%d" % ins[0]], "t%d" % outs[0], axis=1)
        else:
            sys.exit("operation %d is not known here" % kind)
        output, i = outs[0], i + 1
    source = net.numbers(1)[0]
    _, h, w, c = tensors[source].shape
    return graph.model([("t%d" % source, [1, c, h, w])], [("t%d" % output, [1, tensors[output].shape[-1]])])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as f:
        data = f.read()
    out = convert(data)
    with open(sys.argv[2], "wb") as f:
        f.write(out)


if __name__ == "__main__":
    main()
