// Files of points: two columns of numbers, with or without a line of names.

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

// The cells of a line; one may stand in quotes.
const cells = line => [...line.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/g)]
    .filter((match, index) => index === 0 || match.index < line.length || line.endsWith(','))
    .map(match => (match[1]?.replaceAll('""', '"') ?? match[2]).trim());

/// The names, if the first line holds no number, and the points as `x, y, x, y, ...`.
export function read(text) {
    const points = [];
    let names = null;
    text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/).forEach((line, index) => {
        if (line.trim() === '') return;
        const row = cells(line);
        if (row.length !== 2) throw new Error(`line ${index + 1}: ${row.length} columns where the flows of this page take 2`);
        if (names === null && points.length === 0 && !row.some(cell => NUMBER.test(cell))) {
            names = row;
            return;
        }
        row.forEach((cell, column) => {
            const value = NUMBER.test(cell) ? Math.fround(Number(cell)) : NaN;
            if (!Number.isFinite(value)) throw new Error(`line ${index + 1}, column ${column + 1}: “${cell}” is not a finite number`);
            points.push(value);
        });
    });
    if (points.length === 0) throw new Error('no row of numbers');
    return { names: names ?? ['x', 'y'], points: new Float32Array(points) };
}

/// The fewest digits that name a number of 32 bits.
export function shortest(x) {
    for (let digits = 1; digits < 9; digits++) {
        const text = x.toPrecision(digits);
        if (Math.fround(Number(text)) === x) return String(Number(text));
    }
    return String(x);
}

/// The points with a third column.
export function write(names, points, logProbs) {
    const quoted = names.map(name => /[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);
    const lines = [[...quoted, 'log_prob'].join(',')];
    logProbs.forEach((logProb, i) => lines.push([points[2 * i], points[2 * i + 1], logProb].map(shortest).join(',')));
    return lines.join('\n') + '\n';
}
