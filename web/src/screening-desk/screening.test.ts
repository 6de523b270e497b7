import { describe, expect, it } from 'vitest';
import { byCell, cellName, type Sheet } from './screening';

describe('the picture of a sheet', () => {
  it('names cells as spreadsheets do', () => {
    expect([cellName(1, 1), cellName(26, 2), cellName(27, 3), cellName(703, 4)]).toEqual(['A1', 'Z2', 'AA3', 'AAA4']);
  });
  it('puts each error into its cell, by address or by row and column', () => {
    const sheet: Sheet = { name: 'survey', header_row: 1, columns: [2, 4], header: ['type', 'relevant'], rows: [] };
    const at = byCell(
      [
        { sheet: 'Survey', cell: 'D3', message: 'a', code: 'x' },
        { sheet: 'survey', row: 5, column: 'relevant', message: 'b', code: 'x' },
        { sheet: 'survey', row: 6, message: 'c', code: 'x' },
        { sheet: 'choices', cell: 'A1', message: 'd', code: 'x' },
      ],
      sheet,
    );
    expect([...at.keys()]).toEqual(['D3', 'D5', '6']);
  });
});
