// Drawing on canvases, in the page's colours.

const RINGS = [[0.5, 1.1774], [0.95, 2.4477]]; // the circles that hold so much of the normal of two dimensions: sqrt(-2 ln(1 - p))

let colours = {}, heat = [];

const channels = colour => [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16));

/// Reads the colours anew: after a change between light and dark.
export function readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ['paper', 'card', 'ink', 'faint', 'line', 'accent', 'warm', 'heat-1', 'heat-2', 'heat-3']) colours[name] = style.getPropertyValue('--' + name).trim();
    const stops = ['card', 'heat-1', 'heat-2', 'heat-3'].map(name => channels(colours[name]));
    heat = Array.from({ length: 256 }, (_, i) => {
        const at = i / 255 * (stops.length - 1), low = Math.min(Math.floor(at), stops.length - 2);
        return stops[low].map((c, k) => c + (stops[low + 1][k] - c) * (at - low));
    });
}

/// The context of a canvas, as fine as the screen, cleared; its size in pixels of the page.
export function clear(canvas) {
    const ratio = Math.min(devicePixelRatio || 1, 2), { clientWidth: width, clientHeight: height } = canvas;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const context = canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = colours.card;
    context.fillRect(0, 0, width, height);
    return { context, width, height };
}

/// From points to pixels of a square of this side at `left`.
export function place(box, side, left = 0) {
    const scale = side / box.size;
    return (x, y) => [left + (x - box.x) * scale, side - (y - box.y) * scale];
}

export function dots(context, points, at, colour, { size = 2, alpha = 0.6, from = 0, to = points.length } = {}) {
    context.globalAlpha = alpha;
    context.fillStyle = colours[colour] ?? colour;
    for (let i = from; i < to; i += 2) {
        const [x, y] = at(points[i], points[i + 1]);
        context.fillRect(x - size / 2, y - size / 2, size, size);
    }
    context.globalAlpha = 1;
}

/// Each point in the colour of its rank in `hues`, from blue to orange.
export function colouredDots(context, points, at, hues) {
    const groups = 12;
    for (let group = 0; group < groups; group++) {
        context.fillStyle = `hsl(${215 + 180 * group / (groups - 1)} 75% 50%)`;
        for (let i = 0; i < hues.length; i++) {
            if (Math.min(Math.floor(hues[i] * groups), groups - 1) !== group) continue;
            const [x, y] = at(points[2 * i], points[2 * i + 1]);
            context.fillRect(x - 1.2, y - 1.2, 2.4, 2.4);
        }
    }
}

/// Log-densities of square cells, as a picture: the square root of the density, for its range is wide.
export function heatMap(context, logProbs, side, width) {
    let most = -Infinity;
    for (const logProb of logProbs) most = Math.max(most, logProb);
    if (!Number.isFinite(most)) return most;
    const image = new ImageData(side, side);
    for (let i = 0; i < logProbs.length; i++) {
        const [r, g, b] = heat[Math.round(255 * Math.exp(0.5 * (logProbs[i] - most)))] ?? heat[0];
        image.data.set([r, g, b, 255], 4 * i);
    }
    const cells = new OffscreenCanvas(side, side);
    cells.getContext('2d').putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(cells, 0, 0, width, width);
    return most;
}

/// Lines of so many points each.
export function lines(context, points, perLine, at, colour) {
    context.strokeStyle = colours[colour];
    context.lineWidth = 0.8;
    context.globalAlpha = 0.6;
    context.beginPath();
    for (let i = 0; i < points.length / 2; i++) {
        const [x, y] = at(points[2 * i], points[2 * i + 1]);
        if (i % perLine === 0) context.moveTo(x, y);
        else context.lineTo(x, y);
    }
    context.stroke();
    context.globalAlpha = 1;
}

/// Circles that hold half and 95 % of the normal.
export function rings(context, at) {
    context.strokeStyle = colours.faint;
    context.lineWidth = 1.2;
    for (const [, radius] of RINGS) {
        const [x, y] = at(0, 0), [edge] = at(radius, 0);
        context.beginPath();
        context.arc(x, y, edge - x, 0, 2 * Math.PI);
        context.stroke();
    }
}

/// The parts of points inside these circles.
export const inside = points => RINGS.map(([, radius]) => {
    let count = 0;
    for (let i = 0; i < points.length; i += 2) count += points[i] ** 2 + points[i + 1] ** 2 < radius ** 2;
    return count / (points.length / 2);
});

export function cross(context, [x, y], radius) {
    context.strokeStyle = colours.warm;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(x - radius, y);
    context.lineTo(x + radius, y);
    context.moveTo(x, y - radius);
    context.lineTo(x, y + radius);
    context.stroke();
}

export function text(context, words, x, y, colour = 'faint', align = 'left') {
    context.font = '12px system-ui, sans-serif';
    context.textAlign = align;
    context.fillStyle = colours[colour];
    context.fillText(words, x, y);
}

/// Curves of `[step, value]`, each with a colour, and level lines, on axes with a few numbers.
export function curves(context, width, height, all, levels) {
    const values = all.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
    if (values.length === 0) return;
    const lastStep = Math.max(...all.map(({ points }) => points.at(-1)?.[0] ?? 0), 1);
    const known = levels.map(({ value }) => value).filter(Number.isFinite);
    // The start and single steps may be far above all else: what is shown ends where the better half is still told apart.
    const sorted = [...values].sort((a, b) => a - b), median = sorted[Math.floor(sorted.length / 2)];
    const low = Math.min(sorted[0], ...known), high = Math.max(Math.min(sorted.at(-1), low + 25 * (median - low)), ...known);
    const margin = Math.max(0.08 * (high - low), 0.02), [top, right, bottom, left] = [10, 12, 22, 40];
    const x = step => left + step / lastStep * (width - left - right);
    const y = value => top + (high + margin - value) / (high - low + 2 * margin) * (height - top - bottom);
    for (const value of [low, (low + high) / 2, high]) text(context, value.toFixed(2), left - 6, y(value) + 4, 'faint', 'right');
    text(context, '0', left, height - 6);
    text(context, `${lastStep.toLocaleString('en')} steps`, width - right, height - 6, 'faint', 'right');
    context.save();
    context.beginPath();
    context.rect(left, top, width - left - right, height - top - bottom);
    context.clip();
    context.lineWidth = 1.2;
    for (const { value, colour } of levels) {
        if (!Number.isFinite(value)) continue;
        context.strokeStyle = colours[colour];
        context.setLineDash([5, 4]);
        context.beginPath();
        context.moveTo(left, y(value));
        context.lineTo(width - right, y(value));
        context.stroke();
    }
    context.setLineDash([]);
    for (const { points, colour, thick } of all) {
        context.strokeStyle = colours[colour];
        context.lineWidth = thick ? 2 : 1;
        context.globalAlpha = thick ? 1 : 0.55;
        context.beginPath();
        points.forEach(([step, value], i) => (i === 0 ? context.moveTo(x(step), y(value)) : context.lineTo(x(step), y(value))));
        context.stroke();
    }
    context.restore();
    let along = width - right - 6;
    for (const { name, colour } of [...all, ...levels.filter(({ value }) => Number.isFinite(value))].reverse()) {
        text(context, name, along, top + 12, colour, 'right');
        along -= context.measureText(name).width + 14;
    }
}
