/** Our components. A desk imports them from '@/ui' and draws nothing twice. */
export { default as UiBadge } from './UiBadge.vue';
export { default as UiButton } from './UiButton.vue';
export { default as UiDialog } from './UiDialog.vue';
export { default as UiEmpty } from './UiEmpty.vue';
export { default as UiField } from './UiField.vue';
export { default as UiNotice } from './UiNotice.vue';
export { default as UiProblem } from './UiProblem.vue';
export { default as UiSpinner } from './UiSpinner.vue';
export { default as UiTable } from './UiTable.vue';
export { default as UiTabs } from './UiTabs.vue';
export { default as UiToasts } from './UiToasts.vue';
export { default as LocaleChoice } from './LocaleChoice.vue';
export { toast } from './toasts';
export { useNewest, useTask, useTurns, type Newest } from './tasks';
export { useOnward } from './onward';
export { unfold, usePaper } from './paper';
export { useDates } from '@/i18n/dates';
