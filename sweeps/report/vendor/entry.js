import * as echarts from "echarts/core";
import { ParallelChart } from "echarts/charts";
import { ParallelComponent, TooltipComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([ParallelChart, ParallelComponent, TooltipComponent, CanvasRenderer]);
export { getInstanceByDom, init, version } from "echarts/core";
