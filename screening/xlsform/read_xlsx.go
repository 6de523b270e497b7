package xlsform

func readZip(data []byte, limits Limits) (*Workbook, error)  { return readXLSX(data, limits) }
func readXLSX(data []byte, limits Limits) (*Workbook, error) { return nil, unreadable("not yet") }
