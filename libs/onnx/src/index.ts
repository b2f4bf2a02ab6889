// Models from local folders, run in this process.
export { POOLINGS, type Pooling } from './inference.js';
export { LocalModel, type LocalModelOptions } from './local-model.js';
export { type FolderChoices, type ModelFolder, readModelFolder } from './model-folder.js';
