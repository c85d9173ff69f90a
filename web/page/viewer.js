// Looks at a flow: its density, samples, layers and grid. Each look refreshes a part, so that it takes no longer than a frame or two.

import { initSync, View, batch, blocks, components, densities, draw, gaussians, mixtureNll, normals, trueNll } from './flows.js';

/// Cells of a side of the density's picture, and the rows between two that one look refreshes.
const SIDE = 128, INTERLACED = 4;
/// Samples, and the lines of the latents' grid: from -3 to 3, each of so many points.
const SAMPLES = 1000, LINES = 13, PER_LINE = 61;
/// Milliseconds between two scores of the held-out points.
const BETWEEN = 250;

let view = null, held = new Float32Array(), shown = new Float32Array(), box = { x: -4, y: -4, size: 8 }, look = 0;
/// When the held-out points were scored last.
let scored = -Infinity;
let density = new Float32Array(SIDE * SIDE), latents, grid;

function lines() {
    const at = (i, of) => -3 + 6 * i / (of - 1);
    const points = new Float32Array(2 * 2 * LINES * PER_LINE);
    for (let axis = 0, n = 0; axis < 2; axis++)
        for (let line = 0; line < LINES; line++)
            for (let i = 0; i < PER_LINE; i++, n += 2) {
                points[n + axis] = at(line, LINES);
                points[n + 1 - axis] = at(i, PER_LINE);
            }
    return points;
}

function refreshDensity() {
    const row = look % INTERLACED, points = new Float32Array(2 * SIDE * SIDE / INTERLACED);
    for (let i = row, n = 0; i < SIDE; i += INTERLACED)
        for (let j = 0; j < SIDE; j++) {
            points[n++] = box.x + (j + 0.5) / SIDE * box.size;
            points[n++] = box.y + (SIDE - i - 0.5) / SIDE * box.size;
        }
    const logProbs = view.logProbs(points);
    for (let i = row, n = 0; i < SIDE; i += INTERLACED)
        for (let j = 0; j < SIDE; j++) density[i * SIDE + j] = logProbs[n++];
}

const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length;

const tasks = {
    module({ module }) {
        initSync({ module });
        latents = normals(2 * SAMPLES, 1);
        grid = lines();
        return { blocks: [...blocks()], components: [...components()], batch: batch(), gaussians: gaussians(), densities: densities(), normals: latents, side: SIDE, perLine: PER_LINE };
    },
    // Points of a density to train on and as many held out, and the truth of these.
    draw({ name, count, seed }) {
        const [train, held] = [draw(name, count, seed), draw(name, count, seed + 0x80000000 >>> 0)];
        return { train, held, truth: trueNll(name, held) };
    },
    points(message) {
        ({ held, shown } = message);
        const next = message.box ?? box;
        if (['x', 'y', 'size'].some(key => next[key] !== box[key])) density.fill(-Infinity);
        box = next;
        [look, scored] = [0, -Infinity];
    },
    mixture({ train, held }) {
        return { nll: mixtureNll(train, held) };
    },
    flow({ flow }) {
        const next = new View(flow);
        view?.free();
        view = next;
        const { blocks, components, parameters } = view;
        return { blocks, components, parameters };
    },
    look({ last }) {
        if (!view) return {};
        const seen = {};
        refreshDensity();
        seen.density = density.slice();
        seen.states = view.states(shown);
        if (look % 2 === 0) seen.samples = view.inverse(latents);
        else seen.grid = view.inverse(grid);
        if (held.length > 0 && (last || performance.now() > scored + BETWEEN)) {
            seen.nll = -mean(view.logProbs(held));
            scored = performance.now();
        }
        look++;
        return seen;
    },
    // Of a flow that is not looked at: its size, and draws.
    opened({ flow }) {
        const other = new View(flow), { blocks, components, parameters } = other, samples = other.inverse(latents);
        other.free();
        return { blocks, components, parameters, samples };
    },
    score({ flow, points }) {
        const other = new View(flow), logProbs = other.logProbs(points);
        other.free();
        return { logProbs };
    },
};

onmessage = ({ data }) => {
    try {
        const done = tasks[data.task](data) ?? {};
        postMessage({ id: data.id, ...done });
    } catch (error) {
        postMessage({ id: data.id, error: error.message });
    }
};
